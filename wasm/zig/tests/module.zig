//! A test runner for wasm without a system: the tests as a module for
//! tests/wasm/cases.mjs, as tests/support/freestanding.hpp has it for C++.
const std = @import("std");
const builtin = @import("builtin");

const Case = extern struct {
    name: [*:0]const u8,
    run: usize,
    max_pages: u32,
    trap: ?[*:0]const u8,
};

extern "test" fn fail(condition: [*:0]const u8, file: [*:0]const u8, line: c_int) noreturn;

var described: Case = undefined;
var name: [200:0]u8 = undefined;

export fn case_count() u32 {
    return builtin.test_functions.len;
}

/// Until the next call.
export fn case_at(index: u32) *const Case {
    const full_name = builtin.test_functions[index].name;
    @memcpy(name[0..full_name.len], full_name);
    name[full_name.len] = 0;
    described = .{ .name = &name, .run = 0, .max_pages = 0, .trap = null };
    return &described;
}

export fn run_case(index: u32) void {
    builtin.test_functions[index].func() catch |problem| fail(@errorName(problem), "cases.zig", 0);
}

pub fn panic(_: []const u8, _: ?*std.builtin.StackTrace, _: ?usize) noreturn {
    fail("panic", "cases.zig", 0);
}

pub fn main() void {}
