// setjmp for WASI: Debian's wasi-libc has none. With -mllvm -wasm-enable-sjlj
// clang turns its calls into those that setjmp.c defines, and the jump into an
// exception of wasm.
#ifndef MOTE_PROGRAMS_SETJMP_H
#define MOTE_PROGRAMS_SETJMP_H

#ifdef __cplusplus
extern "C" {
#endif

// Named, for C++ wants the type of a variable of several files to be.
struct jump_buffer {
  void* invocation;  // of the function that called setjmp
  unsigned label;    // which of its calls; 0 is none
  struct {
    void* environment;
    int value;
  } jump;
};
typedef struct jump_buffer jmp_buf[1];

__attribute__((__returns_twice__)) int setjmp(jmp_buf);
__attribute__((__noreturn__)) void longjmp(jmp_buf, int);

#ifdef __cplusplus
}
#endif

#endif
