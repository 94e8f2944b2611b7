// Small churn in a module without a C library: blocks of up to 256 bytes come
// and go in an order that the seed decides. Linked with the one-file form.
#include <stddef.h>
#include <stdint.h>

#include "split_mix.hpp"

extern "C" void* malloc(size_t size);
extern "C" void free(void* ptr);

// `own`: what is alive, 256 of them, null at first.
extern "C" [[clang::export_name("churn")]] void churn(void** own, unsigned seed,
                                                      unsigned count) {
  uint64_t state = uint64_t{seed} << 32;
  for (unsigned i = 0; i < count; ++i) {
    const uint64_t bits = mote::split_mix(state += mote::split_mix_step);
    void*& block = own[bits % 256];
    free(block);
    block = malloc(1 + (bits >> 32) % 256);
    if (!block) __builtin_trap();
    *static_cast<char*>(block) = 1;
  }
}
