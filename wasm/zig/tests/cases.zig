//! What Zig's standard library does with the allocator, as tests of `zig test`.
const std = @import("std");
const mote = @import("mote");
const heap = mote.allocator;
const expect = std.testing.expect;

// std.testing's own prints, which not every target can.
fn expectRefused(result: anytype) !void {
    if (result) |_| return error.NotRefused else |problem| try expect(problem == error.OutOfMemory);
}

test "array list grows and shrinks" {
    var list = std.ArrayList(u32).init(heap);
    defer list.deinit();
    for (0..200_000) |i| try list.append(@intCast(i));
    for (list.items, 0..) |item, i| try expect(item == i);
    list.shrinkAndFree(10);
    try expect(list.items[9] == 9);
}

test "hash map finds what it was given" {
    var map = std.AutoHashMap(u32, []u8).init(heap);
    defer map.deinit();
    for (0..5000) |i| {
        const text = try std.fmt.allocPrint(heap, "number {}", .{i});
        try map.put(@intCast(i), text);
    }
    for (0..5000) |i| {
        const entry = map.fetchRemove(@intCast(i)).?;
        var buffer: [32]u8 = undefined;
        try expect(std.mem.eql(u8, entry.value, try std.fmt.bufPrint(&buffer, "number {}", .{i})));
        heap.free(entry.value);
    }
    try expect(map.count() == 0);
}

test "string map, arena and multi array list" {
    var arena = std.heap.ArenaAllocator.init(heap);
    defer arena.deinit();
    var names = std.StringHashMap(usize).init(arena.allocator());
    for (0..1000) |i| try names.put(try std.fmt.allocPrint(arena.allocator(), "{}", .{i}), i);
    try expect(names.get("777").? == 777);
    var rows = std.MultiArrayList(struct { a: u8, b: u64 }){};
    defer rows.deinit(heap);
    for (0..1000) |i| try rows.append(heap, .{ .a = @truncate(i), .b = i });
    try expect(rows.items(.b)[999] == 999);
}

// What std.heap's own allocators are tested with.
test "every alignment is kept" {
    inline for (.{ 1, 2, 8, 16, 64, 512, 4096 }) |alignment| {
        for ([_]usize{ 1, 24, 300, 5000, 100_000 }) |size| {
            var block = try heap.alignedAlloc(u8, alignment, size);
            try expect(std.mem.isAligned(@intFromPtr(block.ptr), alignment));
            @memset(block, 0x5A);
            block = try heap.realloc(block, 2 * size + 10);
            try expect(std.mem.isAligned(@intFromPtr(block.ptr), alignment));
            for (block[0..size]) |byte| try expect(byte == 0x5A);
            heap.free(block);
        }
    }
}

// The last of many, which follow each other when holes are filled; small enough
// that the hardened profile does not put guards between them natively.
test "resize is in place" {
    var blocks: [300][]u8 = undefined;
    for (&blocks) |*block| block.* = try heap.alloc(u8, 50_000);
    const block = &blocks[blocks.len - 2];
    try expect(!heap.resize(block.*, 60_000));
    heap.free(blocks[blocks.len - 1]);
    for ([_]usize{ 60_000, 10_000 }) |size| {
        try expect(heap.resize(block.*, size));
        block.len = size;
    }
    try expect(!heap.resize(block.*, std.math.maxInt(usize) / 2));
    for (blocks[0 .. blocks.len - 1]) |each| heap.free(each);
}

test "single items" {
    const Item = struct { next: ?*@This(), value: u64 };
    var first: ?*Item = null;
    for (0..10_000) |i| {
        const item = try heap.create(Item);
        item.* = .{ .next = first, .value = i };
        first = item;
    }
    var expected: u64 = 10_000;
    while (first) |item| {
        expected -= 1;
        try expect(item.value == expected);
        first = item.next;
        heap.destroy(item);
    }
}

test "zeroed memory is zero after it was used" {
    for ([_]usize{ 1, 100, 5000, 300_000 }) |count| {
        const dirty = try heap.alloc(u64, count);
        @memset(dirty, std.math.maxInt(u64));
        heap.free(dirty);
        const zeroed = try mote.allocZeroed(u64, count);
        for (zeroed) |number| try expect(number == 0);
        heap.free(zeroed);
    }
    try expectRefused(mote.allocZeroed(u64, std.math.maxInt(usize) / 4));
}

test "refusal is an error and changes nothing" {
    const block = try heap.alloc(u8, 1000);
    @memset(block, 3);
    try expectRefused(heap.alloc(u8, std.math.maxInt(usize) - 100_000));
    try expectRefused(heap.realloc(block, std.math.maxInt(usize) - 100_000));
    for (block) |byte| try expect(byte == 3);
    heap.free(block);
}

test "a block is as long as it was asked to be" {
    const block = try heap.alloc(u8, 100);
    try expect(mote.usableSize(block) >= 100 and mote.usableSize(block) < 200);
    heap.free(block);
}
