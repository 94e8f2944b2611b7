//! Counts the words of a text in a map, through the allocator of the features; that
//! of Rust itself (dlmalloc) without any.
use std::collections::BTreeMap;

#[cfg(feature = "mote")]
#[global_allocator]
static HEAP: mote::Mote = mote::Mote;

#[cfg(feature = "null")]
#[global_allocator]
static HEAP: Null = Null;

#[cfg(feature = "null")]
struct Null;

// Read each time: a compiler that knew of the refusal would drop the program.
#[cfg(feature = "null")]
static NOTHING: usize = 0;

#[cfg(feature = "null")]
unsafe impl std::alloc::GlobalAlloc for Null {
    unsafe fn alloc(&self, _: std::alloc::Layout) -> *mut u8 {
        std::ptr::read_volatile(&NOTHING) as *mut u8
    }
    unsafe fn dealloc(&self, _: *mut u8, _: std::alloc::Layout) {}
    unsafe fn realloc(&self, _: *mut u8, _: std::alloc::Layout, _: usize) -> *mut u8 {
        std::ptr::read_volatile(&NOTHING) as *mut u8
    }
}

/// How often the most frequent of `count` made-up words occurs.
#[no_mangle]
pub extern "C" fn most_frequent(count: u32) -> u32 {
    let mut text = String::new();
    for i in 0..count {
        text.push_str(["one", "two", "three", "two"][(i % 4) as usize]);
        text.push(' ');
    }
    let mut words: BTreeMap<String, u32> = BTreeMap::new();
    for word in text.split_ascii_whitespace() {
        *words.entry(word.to_string()).or_insert(0) += 1;
    }
    words.into_values().max().unwrap_or(0)
}
