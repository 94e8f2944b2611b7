// A broken rule stops the module; the function's name is the cause.
#include "check.hpp"

void mote_trap_double_free(void) { __builtin_trap(); }
void mote_trap_invalid_pointer(void) { __builtin_trap(); }
void mote_trap_corrupted_heap(void) { __builtin_trap(); }
