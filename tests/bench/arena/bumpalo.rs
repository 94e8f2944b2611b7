// The rows of rows.hpp on bumpalo: the contender that Rust has. The sums must be
// those of the others, or the work was not the same.
use bumpalo::Bump;
use std::alloc::Layout;

const BLOCK_COUNT: usize = 20_000;

struct Request {
    size: u16,
    align: u16,
}

struct Node {
    next: *mut Node,
    value: u64,
    _unused: u64,
}

pub struct State {
    bump: Bump,
    strings: Vec<Request>,
    mixed: Vec<Request>,
    blocks: Vec<*mut u8>,
}

impl State {
    fn new() -> State {
        let mut state: u32 = 1;
        let mut below = |limit: u32| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state % limit) as u16
        };
        let strings = (0..BLOCK_COUNT)
            .map(|_| Request { size: below(64) + 1, align: 1 })
            .collect();
        let mixed = (0..BLOCK_COUNT)
            .map(|_| {
                let align = 1 << below(5);
                Request { size: below(200) + 1, align }
            })
            .collect();
        State { bump: Bump::new(), strings, mixed, blocks: vec![std::ptr::null_mut(); BLOCK_COUNT] }
    }
}

fn nodes(bump: &Bump, count: u64) -> u64 {
    let mut first: *mut Node = std::ptr::null_mut();
    for value in 0..count {
        first = bump.alloc(Node { next: first, value, _unused: 0 });
    }
    unsafe { std::ptr::read_volatile(&(*first).next) };
    unsafe { (*first).value }
}

fn serve(bump: &mut Bump, list: &[Request], blocks: &mut [*mut u8]) -> u64 {
    let mut sum = 0;
    for (request, block) in list.iter().zip(blocks.iter_mut()) {
        let size = request.size as usize;
        unsafe {
            let layout = Layout::from_size_align_unchecked(size, request.align as usize);
            let bytes = bump.alloc_layout(layout).as_ptr();
            std::ptr::write_volatile(bytes, 1);
            std::ptr::write_volatile(bytes.add(size - 1), 2);
            *block = bytes;
        }
        sum += size as u64;
    }
    bump.reset();
    sum
}

fn vector(bump: &mut Bump) -> u64 {
    let mut numbers = bumpalo::collections::Vec::with_capacity_in(4, bump);
    for i in 0..BLOCK_COUNT as u32 {
        numbers.push(0);
        unsafe { std::ptr::write_volatile(numbers.as_mut_ptr().add(i as usize), i) };
    }
    let sum = numbers[BLOCK_COUNT - 1] as u64;
    drop(numbers);
    bump.reset();
    sum
}

static mut STATE: Option<State> = None;

#[export_name = "run_bumpalo"]
pub extern "C" fn run(row: u32, rounds: u32) -> u64 {
    let state = unsafe { STATE.get_or_insert_with(State::new) };
    let mut sum = 0;
    for _ in 0..rounds {
        sum += match row {
            0 => {
                let value = nodes(&state.bump, BLOCK_COUNT as u64);
                state.bump.reset();
                value
            }
            1 => serve(&mut state.bump, &state.strings, &mut state.blocks),
            2 => serve(&mut state.bump, &state.mixed, &mut state.blocks),
            3 => vector(&mut state.bump),
            _ => (0..BLOCK_COUNT / 10).map(|_| nodes(&Bump::new(), 10)).sum(),
        };
    }
    sum
}
