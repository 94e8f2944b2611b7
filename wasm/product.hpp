// What a page source of a wasm module knows of its processor.
#pragma once

#include <stddef.h>

namespace mote {
namespace {

#if defined(__wasm_nontrapping_fptoint__) && !defined(__wasm64__)
// By floats, a third of the bytes that the highest word of a product takes: up
// to 2^53 they are exact, beyond SIZE_MAX they saturate.
struct Product {
  static size_t product(size_t count, size_t size) {
    return __builtin_wasm_trunc_saturate_u_i32_f64(static_cast<double>(count) *
                                                   static_cast<double>(size));
  }
};
#else
struct Product {};
#endif

}  // namespace
}  // namespace mote
