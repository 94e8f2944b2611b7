// Emscripten's pthreads on mote. main() is a pthread itself (PROXY_TO_PTHREAD),
// and meanwhile JavaScript's main thread allocates too (pthreads_main.js).
// Prints `N passed, M failed`.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "work.hpp"

namespace {

int passed = 0;
int failed = 0;

void expect(bool condition, const char* what) {
  ++(condition ? passed : failed);
  if (!condition) printf("failed: %s\n", what);
}

using Run = void* (*)(void*);

void* number(size_t n) { return reinterpret_cast<void*>(n); }
size_t number(void* n) { return reinterpret_cast<size_t>(n); }

void run_all(Run run, size_t count) {
  constexpr size_t count_max = 4;
  pthread_t threads[count_max];
  for (size_t i = 0; i < count; ++i)
    work::check(!pthread_create(&threads[i], nullptr, run, number(i)));
  for (size_t i = 0; i < count; ++i) pthread_join(threads[i], nullptr);
}

size_t program_break() { return number(sbrk(0)); }

pthread_key_t key;

// Runs after mote's own, or before, by the order of the keys; then again.
void free_late(void* block) {
  work::drop(static_cast<work::Block*>(block));
  static __thread int count = 0;
  if (++count == 1) pthread_setspecific(key, work::allocate(40));
}

void* leave_blocks(void* n) {
  pthread_setspecific(key, work::allocate(100));
  work::leave_blocks(number(n), 300);
  if (number(n) % 3 == 0) pthread_exit(nullptr);
  return nullptr;
}

// Threads that end one after another: where the break is after half of them,
// and after all.
void births() {
  constexpr size_t count = 200;
  // Emscripten frees the stack of a thread some time after it was joined.
  pthread_attr_t small_stack;
  pthread_attr_init(&small_stack);
  pthread_attr_setstacksize(&small_stack, 65536);
  size_t half = 0;
  for (size_t i = 0; i < count; ++i) {
    if (i == count / 2) half = program_break();
    pthread_t thread;
    work::check(
        !pthread_create(&thread, &small_stack, leave_blocks, number(i)));
    pthread_join(thread, nullptr);
  }
  expect(program_break() <= half + 1'000'000,
         "threads that end leave a level footprint");
}

void* churn(void* n) {
  work::churn(1 + number(n), 200'000);
  return nullptr;
}

void* produce_or_consume(void* n) {
  if (number(n))
    work::produce(1, 100'000);
  else
    work::consume(100'000);
  return nullptr;
}

// Others move the break too, by amounts of their own.
void* grow(void* n) {
  for (size_t i = 0; i < 10; ++i) {
    auto* bytes = static_cast<char*>(sbrk(1 + 4 * static_cast<int>(i)));
    work::check(number(bytes) != SIZE_MAX);
    *bytes = static_cast<char>(i);
    work::grow(number(n) * 10 + i, 12);
    work::check(*bytes == static_cast<char>(i));
  }
  return nullptr;
}

int main_thread_count = 0;

}  // namespace

// Called by JavaScript's main thread, again and again.
extern "C" [[gnu::used, gnu::visibility("default")]] void work_here() {
  work::churn(77, 2'000);
  work::grow(78, 2);
  __atomic_add_fetch(&main_thread_count, 1, __ATOMIC_SEQ_CST);
}

int main() {
  work::check(!pthread_key_create(&key, free_late));
  run_all(churn, 4);
  work::empty_shelf();
  expect(true, "churn");
  run_all(produce_or_consume, 2);
  const size_t produced = program_break();
  run_all(produce_or_consume, 2);
  expect(program_break() <= produced + 1'000'000,
         "a producer and a consumer keep the footprint bounded");
  run_all(grow, 4);
  expect(true, "grow");
  births();
  work::empty_shelf();
  expect(__atomic_load_n(&main_thread_count, __ATOMIC_SEQ_CST) > 10,
         "the main thread allocates meanwhile");
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
