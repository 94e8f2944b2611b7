// Runs something that may break, so that the test can go on and shrink the
// program that broke it: a trap or a wild access becomes a problem like any
// other, where the platform has signals to tell. Elsewhere the test just stops.
#pragma once

#if defined(__unix__) && !defined(__wasm__)
#define MOTE_HAS_GUARD 1
#include <setjmp.h>
#include <signal.h>
#endif

namespace mote {

#ifdef MOTE_HAS_GUARD

inline sigjmp_buf guard_exit;

inline void leave_guard(int signal) { siglongjmp(guard_exit, signal); }

// What `action` returns, a const char*, or what stopped it.
template <class Action>
const char* guarded(Action action) {
  struct sigaction handler = {};
  struct sigaction old_abort;
  struct sigaction old_fault;
  handler.sa_handler = leave_guard;
  sigaction(SIGABRT, &handler, &old_abort);
  sigaction(SIGSEGV, &handler, &old_fault);
  const char* problem = nullptr;
  const int signal = sigsetjmp(guard_exit, 1);
  if (signal == 0) {
    problem = action();
  } else {
    problem = signal == SIGABRT ? "trapped" : "wild access";
  }
  sigaction(SIGABRT, &old_abort, nullptr);
  sigaction(SIGSEGV, &old_fault, nullptr);
  return problem;
}

#else

template <class Action>
const char* guarded(Action action) {
  return action();
}

#endif

}  // namespace mote
