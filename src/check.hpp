// What happens when a program breaks the rules: it stops, with the cause's
// name. Each cause is a function of its own and never inlined (8 to 12 bytes of
// a module), so that the name stands in the stack trace; the platform defines
// them (wasm/trap.cpp: one `unreachable`, native/trap.cpp: a message first).
// wasm-opt -O inlines them all the same: then only the trap is left. Running
// out of memory is an outcome, not a broken rule, and never comes here.
#pragma once

extern "C" {
// A free (or reallocation) of a block that is free already.
[[noreturn, gnu::noinline]] void mote_trap_double_free(void);
// A pointer that no allocation returned: foreign, interior or misaligned.
[[noreturn, gnu::noinline]] void mote_trap_invalid_pointer(void);
// The heap's own data was overwritten: a link, a header or a count.
[[noreturn, gnu::noinline]] void mote_trap_corrupted_heap(void);
}
