//! mote as the allocator of a Rust program:
//!
//! ```
//! #[global_allocator]
//! static A: mote::Mote = mote::Mote;
//!
//! assert_eq!(vec![1, 2, 3].len(), 3);
//! ```
//!
//! C and C++ code in the same program shares the heap: its `malloc` is mote's
//! too. One heap per program, in which natively each thread has slabs of its
//! own; wasm modules are single-threaded, and the build says so when the target
//! has atomics.
#![no_std]
#![deny(missing_docs)]

use core::alloc::{GlobalAlloc, Layout};

// mote.h: sizes and alignments in bytes, null when memory is refused.
extern "C" {
    fn mote_alloc(size: usize, align: usize) -> *mut u8;
    fn mote_zalloc(size: usize, align: usize) -> *mut u8;
    fn mote_free_sized(ptr: *mut u8, size: usize, align: usize);
    fn mote_realloc_sized(ptr: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8;
    fn mote_usable_size(ptr: *const u8) -> usize;
}

/// The program's mote heap. All values are the same heap, which is ready before
/// any code runs. Every operation is O(1) plus the bytes that it copies or
/// clears; none unwinds; a refusal is null and changes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mote;

impl Mote {
    /// The bytes that may be used at `ptr`: at least what was asked for.
    ///
    /// # Safety
    /// `ptr` is null or a block of this heap.
    pub unsafe fn usable_size(&self, ptr: *const u8) -> usize {
        mote_usable_size(ptr)
    }
}

unsafe impl GlobalAlloc for Mote {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        mote_alloc(layout.size(), layout.align())
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        mote_free_sized(ptr, layout.size(), layout.align())
    }

    // Natively, large memory that comes fresh from the platform is not written to.
    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        mote_zalloc(layout.size(), layout.align())
    }

    // In place when there is room behind the block.
    #[inline]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        mote_realloc_sized(ptr, layout.size(), layout.align(), new_size)
    }
}
