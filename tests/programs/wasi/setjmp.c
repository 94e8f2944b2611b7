// What clang calls for setjmp and longjmp (lib/Target/WebAssembly/
// WebAssemblyLowerEmscriptenEHSjLj.cpp of LLVM describes it): the buffer tells
// which call of which activation it belongs to; a jump throws the buffer, and
// each function that has called setjmp asks of what it catches whether it is
// its.
#include "setjmp.h"

#include <stdint.h>

enum { c_longjmp = 1 };  // the tag of C's jumps

void __wasm_setjmp(struct jump_buffer* environment, uint32_t label,
                   void* invocation) {
  environment->invocation = invocation;
  environment->label = label;
}

uint32_t __wasm_setjmp_test(const struct jump_buffer* environment,
                            void* invocation) {
  return environment->invocation == invocation ? environment->label : 0;
}

void __wasm_longjmp(struct jump_buffer* environment, int value) {
  environment->jump.environment = environment;
  environment->jump.value = value ? value : 1;
  __builtin_wasm_throw(c_longjmp, &environment->jump);
}
