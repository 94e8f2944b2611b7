//! The standard collections, and the calls of GlobalAlloc themselves, on mote.
//! Each case is a test of the harness where there is one, and of the table that
//! tests/support/module.rs shows to the engines where there is none.
use std::alloc::{GlobalAlloc, Layout};
use std::collections::{BTreeMap, HashMap};

use mote::Mote;

#[global_allocator]
static HEAP: Mote = Mote;

macro_rules! cases {
    ($($(#[$only:meta])* fn $name:ident() $body:block)*) => {
        $($(#[$only])* #[cfg_attr(test, test)] fn $name() $body)*
        #[cfg(not(test))]
        pub const CASES: &[(&str, fn())] = &[
            $($(#[$only])* (concat!(stringify!($name), "\0"), $name)),*
        ];
    };
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

// A quarter of the address space, of which few or none can be had.
pub const HUGE: Layout = unsafe { Layout::from_size_align_unchecked(isize::MAX as usize / 2, 8) };

// All blocks of that layout that the heap gives.
pub fn take_all(layout: Layout) -> Vec<*mut u8> {
    let mut taken = Vec::with_capacity(4);
    loop {
        let ptr = unsafe { HEAP.alloc(layout) };
        if ptr.is_null() { return taken; }
        taken.push(ptr);
    }
}

// Numbers that look random, the same each time (Knuth, MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % limit
    }
}

fn is_filled(bytes: &[u8], value: u8) -> bool {
    bytes.iter().all(|&byte| byte == value)
}

#[repr(align(256))]
#[derive(Clone)]
struct Wide([u8; 300]);

cases! {
    fn the_global_allocator_is_mote() {
        let text = String::from("on the heap");
        let usable = unsafe { HEAP.usable_size(text.as_ptr()) };
        assert!(usable >= text.len() && usable < 64, "{usable}");
    }

    fn vec_grows_and_shrinks() {
        let mut numbers = Vec::new();
        for i in 0..200_000u64 { numbers.push(i * i); }
        assert!(numbers.iter().enumerate().all(|(i, &square)| square == i as u64 * i as u64));
        numbers.truncate(100);
        numbers.shrink_to_fit();
        assert_eq!(numbers[99], 99 * 99);
        assert!(numbers.capacity() < 200);
    }

    fn string_keeps_its_text() {
        let mut text = String::new();
        for i in 0..20_000 { text += &format!("{i}, "); }
        assert!(text.starts_with("0, 1, 2, ") && text.ends_with("19998, 19999, "));
        assert_eq!(text.split(", ").count(), 20_001);
        assert_eq!(text.to_uppercase(), text);
    }

    fn hash_map_finds_what_it_was_given() {
        let mut squares = HashMap::new();
        for i in 0..20_000u32 { squares.insert(i.to_string(), vec![i; (i % 7) as usize]); }
        for i in (0..20_000u32).step_by(2) { assert!(squares.remove(&i.to_string()).is_some()); }
        assert_eq!(squares.len(), 10_000);
        assert!((1..20_000u32).step_by(2).all(|i| squares[&i.to_string()] == vec![i; (i % 7) as usize]));
    }

    fn btree_map_stays_ordered() {
        let mut names = BTreeMap::new();
        let mut random = Random(1);
        for _ in 0..20_000 {
            let key = random.below(5000);
            if random.below(3) == 0 { names.remove(&key); } else { names.insert(key, format!("{key}")); }
        }
        assert!(names.iter().zip(names.keys().skip(1)).all(|((key, _), next)| key < next));
        assert!(names.iter().all(|(key, name)| *name == key.to_string()));
    }

    fn boxed_slices_keep_their_alignment() {
        let blocks: Vec<Box<[Wide]>> =
            (1..40).map(|count| vec![Wide([count as u8; 300]); count].into_boxed_slice()).collect();
        for (i, block) in blocks.iter().enumerate() {
            assert_eq!(block.as_ptr() as usize % 256, 0);
            assert!(block.iter().all(|wide| is_filled(&wide.0, i as u8 + 1)));
        }
    }

    fn every_layout_is_served() {
        let mut random = Random(2);
        let mut live: Vec<(*mut u8, Layout, u8)> = Vec::new();
        for round in 0..20_000 {
            if live.len() > 500 || random.below(5) < 2 && !live.is_empty() {
                let index = random.below(live.len());
                let (ptr, layout, value) = live.swap_remove(index);
                unsafe {
                    assert!(is_filled(std::slice::from_raw_parts(ptr, layout.size()), value));
                    HEAP.dealloc(ptr, layout);
                }
                continue;
            }
            let wanted = layout(1 + random.below(if round % 50 == 0 { 100_000 } else { 700 }), 1 << random.below(10));
            let value = round as u8;
            unsafe {
                let ptr = HEAP.alloc(wanted);
                assert!(!ptr.is_null() && ptr as usize % wanted.align() == 0);
                ptr.write_bytes(value, wanted.size());
                live.push((ptr, wanted, value));
            }
        }
        for (ptr, layout, _) in live { unsafe { HEAP.dealloc(ptr, layout); } }
    }

    fn realloc_keeps_contents_and_alignment() {
        for align in [1, 8, 16, 64, 4096] {
            for (old, new) in [(1, 100), (100, 1), (300, 5000), (5000, 100_000), (100_000, 300), (24, 32)] {
                unsafe {
                    let ptr = HEAP.alloc(layout(old, align));
                    ptr.write_bytes(7, old);
                    let moved = HEAP.realloc(ptr, layout(old, align), new);
                    assert!(!moved.is_null() && moved as usize % align == 0);
                    assert!(is_filled(std::slice::from_raw_parts(moved, old.min(new)), 7));
                    HEAP.dealloc(moved, layout(new, align));
                }
            }
        }
    }

    // As long as nobody, such as another test's thread, takes what lies behind: as
    // the pages do that the hardened profile guards large blocks with natively.
    #[cfg(not(all(feature = "hardened", not(target_arch = "wasm32"))))]
    fn realloc_grows_in_place() {
        let mut grown_in_place = 0;
        let mut size = 10_000;
        unsafe {
            let mut ptr = HEAP.alloc(layout(size, 8));
            for _ in 0..300 {
                let moved = HEAP.realloc(ptr, layout(size, 8), size + 10_000);
                grown_in_place += (moved == ptr) as u32;
                (ptr, size) = (moved, size + 10_000);
            }
            HEAP.dealloc(ptr, layout(size, 8));
        }
        assert!(grown_in_place >= 200, "{grown_in_place}");
    }

    fn alloc_zeroed_clears_memory_that_was_used() {
        for size in [1, 24, 400, 5000, 300_000] {
            unsafe {
                let dirty = HEAP.alloc(layout(size, 16));
                dirty.write_bytes(0xFF, size);
                HEAP.dealloc(dirty, layout(size, 16));
                let zeroed = HEAP.alloc_zeroed(layout(size, 16));
                assert!(is_filled(std::slice::from_raw_parts(zeroed, size), 0));
                HEAP.dealloc(zeroed, layout(size, 16));
            }
        }
        assert!(is_filled(&vec![0u8; 1_000_000], 0));
    }

    fn refusal_is_null_and_changes_nothing() {
        let taken = take_all(HUGE);
        unsafe {
            assert!(HEAP.alloc(HUGE).is_null());
            assert!(HEAP.alloc_zeroed(HUGE).is_null());
            let ptr = HEAP.alloc(layout(100, 8));
            ptr.write_bytes(3, 100);
            assert!(HEAP.realloc(ptr, layout(100, 8), HUGE.size()).is_null());
            assert!(is_filled(std::slice::from_raw_parts(ptr, 100), 3));
            HEAP.dealloc(ptr, layout(100, 8));
        }
        assert!(Vec::<u8>::new().try_reserve(HUGE.size()).is_err());
        for ptr in taken { unsafe { HEAP.dealloc(ptr, HUGE); } }
        assert_eq!(vec![1u8; 1000].len(), 1000);
    }

    #[cfg(target_arch = "wasm32")]
    fn memory_stays_bounded() {
        let round = || (0..200).map(|i| vec![1u8; 100 + 333 * i]).collect::<Vec<_>>();
        drop(round());
        let pages = core::arch::wasm32::memory_size(0);
        for _ in 0..200 { drop(round()); }
        // What waits in the hardened profile's quarantine, and so lies between
        // the blocks of a round, may need a page more now and then.
        let grown = core::arch::wasm32::memory_size(0) - pages;
        assert!(grown <= pages / 32, "{grown} pages more than {pages}");
    }
}

// What a wasm module without threads and processes cannot do.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod native {
    use super::{layout, Mote};
    use std::alloc::GlobalAlloc;
    use std::env;
    use std::process::Command;
    use std::sync::mpsc::channel;
    use std::thread;

    #[test]
    fn threads_free_what_others_allocated() {
        let (to_free, freed) = channel::<Vec<String>>();
        let makers: Vec<_> = (0..4)
            .map(|maker| {
                let to_free = to_free.clone();
                thread::spawn(move || {
                    for round in 0..300 {
                        let texts = (0..100).map(|i| format!("{maker} {round} {}", "x".repeat(i))).collect();
                        to_free.send(texts).unwrap();
                    }
                })
            })
            .collect();
        drop(to_free);
        let lists = freed.iter().inspect(|texts| assert!(texts[99].ends_with("xxx"))).count();
        assert_eq!(lists, 1200);
        for maker in makers {
            maker.join().unwrap();
        }
    }

    extern "C" {
        fn malloc(size: usize) -> *mut u8;
    }

    #[test]
    fn c_code_shares_the_heap() {
        unsafe {
            let ptr = malloc(100);
            assert!(Mote.usable_size(ptr) >= 100);
            Mote.dealloc(ptr, layout(100, 8));
        }
    }

    fn resident_bytes() -> usize {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    }

    #[test]
    fn alloc_zeroed_does_not_write_to_fresh_memory() {
        let before = resident_bytes();
        let zeroed = vec![0u8; 1 << 30];
        let grown = resident_bytes().saturating_sub(before);
        assert!(zeroed.iter().step_by(1 << 24).all(|&byte| byte == 0));
        assert!(grown < 1 << 28, "{grown} bytes"); // other tests allocate meanwhile
    }

    // In a process of its own, since it must not survive.
    #[test]
    fn handle_alloc_error_aborts() {
        if env::var_os("MOTE_OUT_OF_MEMORY").is_some() {
            drop(Vec::<u8>::with_capacity(isize::MAX as usize));
            return;
        }
        let run = Command::new(env::current_exe().unwrap())
            .args(["native::handle_alloc_error_aborts", "--exact", "--nocapture"])
            .env("MOTE_OUT_OF_MEMORY", "1")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success());
        assert!(told.contains("memory allocation of 9223372036854775807 bytes failed"), "{told}");
    }
}
