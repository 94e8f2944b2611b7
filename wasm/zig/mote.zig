//! mote as a Zig allocator:
//!
//!     const mote = @import("mote.zig");
//!     var list = std.ArrayList(u32).init(mote.allocator);
//!
//! Compile mote.cpp with it (README.md). All of a program's mote is one heap,
//! C's malloc included. Safe with threads natively; wasm is single-threaded.
const std = @import("std");

// mote.h: sizes and alignments in bytes, null when memory is refused.
extern fn mote_alloc(size: usize, alignment: usize) ?[*]u8;
extern fn mote_zalloc(size: usize, alignment: usize) ?[*]u8;
extern fn mote_free_sized(ptr: [*]u8, size: usize, alignment: usize) void;
extern fn mote_try_expand(ptr: [*]u8, new_size: usize) c_int;
extern fn mote_usable_size(ptr: [*]const u8) usize;

pub const allocator = std.mem.Allocator{ .ptr = undefined, .vtable = &vtable };

const vtable = std.mem.Allocator.VTable{ .alloc = alloc, .resize = resize, .free = free };

/// The bytes that may be used at a block, at least what was asked for.
pub fn usableSize(block: []const u8) usize {
    return mote_usable_size(block.ptr);
}

/// `count` items, all bytes zero. Natively, large memory that comes fresh from the
/// platform is not written to.
pub fn allocZeroed(comptime T: type, count: usize) std.mem.Allocator.Error![]T {
    const size = std.math.mul(usize, count, @sizeOf(T)) catch return error.OutOfMemory;
    const ptr = mote_zalloc(size, @alignOf(T)) orelse return error.OutOfMemory;
    return @as([*]T, @ptrCast(@alignCast(ptr)))[0..count];
}

fn bytesOf(log2_alignment: u8) usize {
    return @as(usize, 1) << @intCast(log2_alignment);
}

fn alloc(_: *anyopaque, size: usize, log2_alignment: u8, _: usize) ?[*]u8 {
    return mote_alloc(size, bytesOf(log2_alignment));
}

// In place, or not at all: then Zig moves the block itself.
fn resize(_: *anyopaque, block: []u8, _: u8, new_size: usize, _: usize) bool {
    return mote_try_expand(block.ptr, new_size) != 0;
}

fn free(_: *anyopaque, block: []u8, log2_alignment: u8, _: usize) void {
    mote_free_sized(block.ptr, block.len, bytesOf(log2_alignment));
}
