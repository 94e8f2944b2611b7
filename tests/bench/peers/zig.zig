// Zig's std.heap.wasm_allocator behind the benchmark's names and behind the
// three calls a Zig program makes of it (for the size tables).
const std = @import("std");
const options = @import("options");
const heap = std.heap.wasm_allocator;

fn log2_align(alignment: usize) u8 {
    return @max(options.log2_alignment, std.math.log2_int(usize, @max(alignment, 1)));
}

export fn zig_alloc(size: usize, alignment: usize) ?[*]u8 {
    return heap.rawAlloc(size, log2_align(alignment), 0);
}

export fn zig_free(ptr: [*]u8, size: usize, alignment: usize) void {
    heap.rawFree(ptr[0..size], log2_align(alignment), 0);
}

export fn zig_realloc(ptr: [*]u8, old_size: usize, alignment: usize, new_size: usize) ?[*]u8 {
    const bits = log2_align(alignment);
    if (heap.rawResize(ptr[0..old_size], bits, new_size, 0)) return ptr;
    const copy = heap.rawAlloc(new_size, bits, 0) orelse return null;
    const kept = @min(old_size, new_size);
    @memcpy(copy[0..kept], ptr[0..kept]);
    heap.rawFree(ptr[0..old_size], bits, 0);
    return copy;
}

export fn bench_malloc(size: usize) ?[*]u8 {
    return heap.rawAlloc(size, options.log2_alignment, 0);
}

export fn bench_free(ptr: [*]u8, size: usize, alignment: usize) void {
    zig_free(ptr, size, alignment);
}

export fn bench_realloc(ptr: [*]u8, old_size: usize, alignment: usize, new_size: usize) ?[*]u8 {
    return zig_realloc(ptr, old_size, alignment, new_size);
}

export fn bench_aligned_alloc(alignment: usize, size: usize) ?[*]u8 {
    return zig_alloc(size, alignment);
}
