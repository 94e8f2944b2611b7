// What happens when a program breaks the rules: it stops, with the cause's
// name. Each cause is a function of its own and never inlined (8 to 12 bytes of
// a module), so that the name stands in the stack trace; the platform defines
// them (wasm/trap.cpp: one `unreachable`, native/trap.cpp: a message first).
// wasm-opt -O inlines them all the same: then only the trap is left. A program
// may define one of them itself, which must not return, and may call nothing
// that allocates: the heap is as it was found, and its lock may be held.
// Running out of memory is an outcome, not a broken rule, and never comes here.
#pragma once

extern "C" {
// A free (or reallocation) of a block that is free already.
[[noreturn, gnu::noinline]] void mote_trap_double_free(void);
// A pointer that no allocation returned: foreign, interior or misaligned.
[[noreturn, gnu::noinline]] void mote_trap_invalid_pointer(void);
// The heap's own data was overwritten: a link, a header or a count.
[[noreturn, gnu::noinline]] void mote_trap_corrupted_heap(void);

// The hardened profile's, too:

// Bytes behind a block, or before it, were overwritten.
[[noreturn, gnu::noinline]] void mote_trap_out_of_bounds(void);
// A block was written to after it had been freed.
[[noreturn, gnu::noinline]] void mote_trap_use_after_free(void);
// A free that says another size or alignment than the allocation, or is of
// another kind: as delete of what new[] gave.
[[noreturn, gnu::noinline]] void mote_trap_mismatch(void);
}
