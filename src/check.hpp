// What happens when a program breaks the rules: it stops, with the cause's
// name. Each cause is a function of its own, so that the name stands in the
// stack trace; the platform defines them (wasm/trap.cpp: one `unreachable`,
// native/trap.cpp: a message first). Running out of memory is an outcome, not
// a broken rule, and never comes here.
#pragma once

extern "C" {
// A free (or reallocation) of a block that is free already.
[[noreturn]] void mote_trap_double_free(void);
// A pointer that no allocation returned: foreign, interior or misaligned.
[[noreturn]] void mote_trap_invalid_pointer(void);
// The heap's own data was overwritten: a link, a header or a count.
[[noreturn]] void mote_trap_corrupted_heap(void);
}
