// What the component model's canonical ABI allocates with, when the host passes
// a string or a list in. The one of wasi-libc's wasip2 ignores the alignment;
// this one honours it, and works before any constructor has run.
//
// A null `ptr` or an `old_size` of 0 allocates. A `new_size` of 0 gives an
// address that is aligned and not null, and no block. What cannot be done, and
// an alignment that is not a power of two, is a trap: the ABI knows no refusal.
// O(1), and the bytes moved.
#include <stddef.h>

#include "bits.hpp"
#include "mote/mote.h"

extern "C" {

[[noreturn, gnu::noinline]] void mote_trap_component_refused(void) {
  __builtin_trap();
}

[[clang::export_name("cabi_realloc")]] void* cabi_realloc(void* ptr,
                                                          size_t old_size,
                                                          size_t align,
                                                          size_t new_size) {
  if (!mote::is_power_of_two(align)) mote_trap_component_refused();
  if (new_size == 0) return reinterpret_cast<void*>(align);
  void* block =
      mote_realloc_sized(old_size ? ptr : nullptr, old_size, align, new_size);
  if (!block) mote_trap_component_refused();
  return block;
}
}
