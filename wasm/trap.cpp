// A broken rule stops the module; the function's name is the cause. Weak: a
// program that defines one of them itself has its own called instead.
#include "check.hpp"

[[gnu::weak]] void mote_trap_double_free(void) { __builtin_trap(); }
[[gnu::weak]] void mote_trap_invalid_pointer(void) { __builtin_trap(); }
[[gnu::weak]] void mote_trap_corrupted_heap(void) { __builtin_trap(); }
[[gnu::weak]] void mote_trap_out_of_bounds(void) { __builtin_trap(); }
[[gnu::weak]] void mote_trap_use_after_free(void) { __builtin_trap(); }
[[gnu::weak]] void mote_trap_mismatch(void) { __builtin_trap(); }
