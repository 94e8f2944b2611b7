// What tests/native/trace_tools.py traces: one argument says what to do.
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <utility>
#include <vector>

namespace {

void* volatile sink;

void allocate(int count, size_t size) {
  for (int i = 0; i < count; ++i) sink = malloc(size);
}

// Just this, for the tests that look at each event.
[[gnu::noinline]] void known() {
  void* volatile a = malloc(100);
  void* volatile b = calloc(10, 20);
  a = realloc(a, 1000);
  void* volatile c = aligned_alloc(256, 512);
  free(b);
  free(a);
  free(nullptr);
  sink = c;
}

// Each name once; all is freed, one request refused.
void names() {
  free(malloc(1));
  free(calloc(2, 1));
  free(realloc(malloc(3), 30));
  free(reallocarray(nullptr, 2, 2));
  free(memalign(64, 5));
  free(aligned_alloc(64, 64));
  void* ptr = nullptr;
  if (posix_memalign(&ptr, 64, 7) != 0) abort();
  free(ptr);
  free(valloc(8));
  free(pvalloc(9));
  sink = malloc(SIZE_MAX / 2);
  sink = realloc(malloc(11), 0);  // frees
  const auto align = std::align_val_t(64);
  operator delete(operator new(12));
  operator delete[](operator new[](13));
  operator delete(operator new(14, align), align);
  operator delete[](operator new[](15, align), align);
  operator delete(operator new(16, std::nothrow), std::nothrow);
  operator delete[](operator new[](17, std::nothrow), std::nothrow);
  operator delete(operator new(18, align, std::nothrow), align, std::nothrow);
  operator delete[](operator new[](19, align, std::nothrow), align,
                    std::nothrow);
  operator delete(operator new(20), size_t{20});
  operator delete[](operator new[](21), size_t{21});
  operator delete(operator new(22, align), size_t{22}, align);
  operator delete[](operator new[](23, align), size_t{23}, align);
}

void* thread_work(void*) {
  for (int i = 0; i < 10; ++i) free(malloc(50));
  return nullptr;
}

void threads(int count, void* (*work)(void*) = thread_work) {
  std::vector<pthread_t> running;
  for (int i = 0; i < count; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, work, nullptr) != 0) break;
    running.push_back(thread);
    if (running.size() == 200) {
      for (pthread_t other : running) pthread_join(other, nullptr);
      running.clear();
    }
  }
  for (pthread_t other : running) pthread_join(other, nullptr);
}

// From one of many places. What comes from a place that this thread has been at
// is in the unwinder's cache, and takes none of its locks.
constexpr int place_count = 200;

template <int... places>
void allocate_from(int place, std::integer_sequence<int, places...>) {
  (void)((place == places && (allocate(1, 77), true)) || ...);
}

void allocate_from(int place) {
  allocate_from(place, std::make_integer_sequence<int, place_count>());
}

// While others allocate, so that a lock may be held in the middle of it: new
// threads, from all places.
template <class Fork>
void forks(Fork fork_like) {
  std::atomic<bool> is_over = false;
  pthread_t thread;
  pthread_create(
      &thread, nullptr,
      [](void* over) -> void* {
        while (!*static_cast<std::atomic<bool>*>(over)) {
          threads(1, [](void*) -> void* {
            for (int place = 0; place < place_count; ++place) {
              allocate_from(place);
              free(sink);
            }
            return nullptr;
          });
        }
        return nullptr;
      },
      &is_over);
  for (int i = 0; i < 20; ++i) {
    const auto child = static_cast<pid_t>(fork_like());
    if (child == 0) {
      for (int place = 0; place < 7; ++place) allocate_from(i * 7 + place);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) abort();
  }
  is_over = true;
  pthread_join(thread, nullptr);
}

// Handlers that allocate.
void signals() {
  static int handled = 0;
  signal(SIGALRM, [](int) {
    free(malloc(5));
    ++handled;
  });
  for (int i = 0; i < 200; ++i) {
    sink = malloc(6);
    raise(SIGALRM);
    free(sink);
  }
  if (handled != 200) abort();
}

[[noreturn]] void execute(char* self, const char* what) {
  char argument[32];
  strncpy(argument, what, sizeof argument - 1);
  argument[sizeof argument - 1] = 0;
  char* const arguments[] = {self, argument, nullptr};
  execv("/proc/self/exe", arguments);
  abort();
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 64;
  const char* const what = arguments[1];
  const auto is = [&](const char* name) { return strcmp(what, name) == 0; };
  if (is("nothing")) return 0;
  if (is("known")) known();
  if (is("names")) names();
  if (is("signals")) signals();
  if (is("many")) allocate(500'000, 10);
  if (is("threads")) threads(3000);
  if (is("fork")) forks(fork);
  if (is("system-fork")) forks([] { return syscall(SYS_fork); });
  if (is("kill")) {
    allocate(100'000, 10);
    kill(getpid(), SIGKILL);
  }
  if (is("abort")) {
    allocate(1000, 10);
    abort();
  }
  if (is("_exit")) {
    allocate(1000, 10);
    _exit(3);
  }
  if (is("exit")) {
    allocate(10, 10);
    exit(7);
  }
  if (is("exec")) {
    allocate(500, 10);
    execute(arguments[0], "known");
  }
  if (is("vfork")) {
    allocate(3, 10);
    const pid_t child = vfork();
    if (child == 0) _exit(0);
    int status = 0;
    waitpid(child, &status, 0);
    allocate(4, 10);
  }
  if (is("close-all")) {
    for (int fd = 0; fd < 1024; ++fd) close(fd);
    allocate(100'000, 10);
    fopen("/dev/null", "w");  // gets what would be the trace's number
    allocate(200'000, 10);
  }
  return 0;
}
