// A WASI module that starts threads by wasi-threads, without a C library: there
// is none with threads to be had. Linked with the one-file form.
#include "work.hpp"

#define EXPORT(name) extern "C" [[clang::export_name(#name)]]

extern "C" [[clang::import_module("wasi"), clang::import_name("thread-spawn")]]
int thread_spawn(size_t number);

namespace {

constexpr size_t thread_count = 4;
int running = thread_count;

}  // namespace

// The stack of a thread comes from its starter.
asm(R"(
.globaltype __stack_pointer, i32
.functype run_thread (i32) -> ()
.globl wasi_thread_start
.export_name wasi_thread_start, wasi_thread_start
wasi_thread_start:
  .functype wasi_thread_start (i32, i32) -> ()
  local.get 1
  global.set __stack_pointer
  local.get 0
  call run_thread
  end_function
)");

extern "C" void run_thread(int id) {
  work::churn(static_cast<size_t>(id), 100'000);
  mote_thread_end();
  if (__atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST) == 0)
    __builtin_wasm_memory_atomic_notify(&running, 1);
}

// How many threads have run.
EXPORT(start_all) size_t start_all() {
  for (size_t i = 0; i < thread_count; ++i) {
    constexpr size_t stack_bytes = 65536;
    char* stack = static_cast<char*>(malloc(stack_bytes));
    work::check(thread_spawn(reinterpret_cast<size_t>(stack + stack_bytes)) >
                0);
  }
  work::churn(99, 100'000);
  for (int left; (left = __atomic_load_n(&running, __ATOMIC_SEQ_CST));)
    __builtin_wasm_memory_atomic_wait32(&running, left, -1);
  work::empty_shelf();
  return thread_count;
}
