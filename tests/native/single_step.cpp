// Counts what the machine's speed has no part in: the instructions that malloc
// and free execute, and which of them are atomic read-modify-writes, fences or
// system calls. A program that is traced instruction by instruction runs over
// the library, preloaded.
//
//   single_step count LIBRARY   per pair of malloc and free, a line a case:
//                               pattern, threads, size, instructions, atomic
//                               instructions
//   single_step check LIBRARY   that a thread's own small blocks need no atomic
//                               instruction while there are other threads, and
//                               those of others few
//
// An empty LIBRARY is the C library. Only for x86-64.
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <unordered_map>

namespace {

[[noreturn]] void stop(const char* what) {
  perror(what);
  exit(2);
}

// --- The traced program

constexpr unsigned block_count = 128;
void* blocks[block_count];

struct Functions {
  void* (*allocate)(size_t);
  void (*free)(void*);
};

// One instruction each, which the difference of two runs then accounts for.
extern "C" void one_instruction();
asm("one_instruction: ret");

const Functions nothing = {reinterpret_cast<void* (*)(size_t)>(one_instruction),
                           reinterpret_cast<void (*)(void*)>(one_instruction)};

// The addresses of the functions, not of ways to them.
Functions functions() {
  return {
      reinterpret_cast<void* (*)(size_t)>(dlsym(RTLD_DEFAULT, "malloc")),
      reinterpret_cast<void (*)(void*)>(dlsym(RTLD_DEFAULT, "free")),
  };
}

[[gnu::noinline]] void allocate_all(Functions f, size_t size) {
  for (void*& block : blocks) block = f.allocate(size);
}

[[gnu::noinline]] void pairs(Functions f, size_t size) {
  for (unsigned i = 0; i < block_count; ++i) f.free(f.allocate(size));
}

// As many blocks at a time as one slab has room for.
[[gnu::noinline]] void batches(Functions f, size_t size) {
  constexpr unsigned batch_size = 8;
  for (unsigned i = 0; i < block_count; i += batch_size) {
    for (unsigned j = i; j < i + batch_size; ++j) blocks[j] = f.allocate(size);
    for (unsigned j = i; j < i + batch_size; ++j) f.free(blocks[j]);
  }
}

// More than one slab has room for: slabs come and go.
[[gnu::noinline]] void all(Functions f, size_t size) {
  allocate_all(f, size);
  for (void* block : blocks) f.free(block);
}

[[gnu::noinline]] void free_all(Functions f, size_t) {
  for (void* block : blocks) f.free(block);
}

// What must be seen, once for each block: two atomic instructions and a fence.
[[gnu::noinline]] void atomics(Functions, size_t) {
  size_t counter = 0;
  for (size_t i = 0; i < block_count; ++i) {
    size_t value = i;
    asm volatile("lock addq $1, %0\n\txchgq %1, %0\n\tmfence"
                 : "+m"(counter), "+r"(value)
                 :
                 : "memory");
  }
}

struct Pattern {
  const char* name;
  void (*run)(Functions, size_t);
  bool is_of_others;  // the blocks come from another thread
};

constexpr Pattern patterns[] = {{"pairs", pairs, false},
                                {"batches", batches, false},
                                {"all", all, false},
                                {"others", free_all, true},
                                {"atomics", atomics, false}};

// The tracer counts between two of these.
void mark() { asm volatile("int3" ::: "memory"); }

// How another thread is told what to do, and that it has been done.
struct Helper {
  size_t size = 0;  // of the blocks that it shall allocate, if any
  pthread_barrier_t barrier;
  pthread_t thread;

  Helper() {
    pthread_barrier_init(&barrier, nullptr, 2);
    const auto work = [](void* argument) -> void* {
      auto* self = static_cast<Helper*>(argument);
      for (;;) {
        pthread_barrier_wait(&self->barrier);
        allocate_all(functions(), self->size);
        pthread_barrier_wait(&self->barrier);
      }
    };
    if (pthread_create(&thread, nullptr, work, this) != 0) stop("a thread");
  }
  void allocate(size_t with_size) {
    size = with_size;
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
  }
};

[[noreturn]] void be_traced(const Pattern& pattern, unsigned thread_count,
                            size_t size) {
  Helper* helper = thread_count > 1 ? new Helper : nullptr;
  const Functions real = functions();
  const auto prepare = [&] {
    if (pattern.is_of_others) helper->allocate(size);
  };
  for (int i = 0; i < 3; ++i) {  // what is done once is done before
    prepare();
    pattern.run(real, size);
  }
  prepare();
  mark();
  pattern.run(nothing, size);
  mark();
  pattern.run(real, size);
  mark();
  _exit(0);
}

// --- The tracer

struct Kind {
  bool is_atomic;  // a read-modify-write or a full fence
  bool is_system_call;
  bool is_mark;
};

// Intel, "Software Developer's Manual" 2, chapter 2: prefixes, REX, opcode.
Kind kind_of(const unsigned char* code) {
  const bool is_mark = *code == 0xcc;
  bool is_locked = false;
  for (;; ++code) {
    if (*code == 0xf0) is_locked = true;
    if (*code == 0 ||
        !strchr("\x66\x67\xf2\xf3\x2e\x36\x3e\x26\x64\x65\xf0", *code))
      break;
  }
  if ((*code & 0xf0) == 0x40) ++code;
  const bool is_exchange = (code[0] | 1) == 0x87 && code[1] < 0xc0;
  const bool is_fence =
      code[0] == 0x0f && code[1] == 0xae && (code[2] & 0xf8) == 0xf0;
  return {is_locked || is_exchange || is_fence,
          code[0] == 0x0f && code[1] == 0x05, is_mark};
}

class Tracer {
 public:
  Tracer(const char* library, const char* self, const char* const* arguments)
      : child_(fork()) {
    if (child_ < 0) stop("fork");
    if (child_ == 0) {
      if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0) stop("ptrace");
      if (*library) setenv("LD_PRELOAD", library, 1);
      execv(self, const_cast<char* const*>(arguments));
      stop("exec");
    }
    wait_for_stop();  // in its exec
    ptrace(PTRACE_SETOPTIONS, child_, 0, PTRACE_O_EXITKILL);
  }
  ~Tracer() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  // Lets it run until it stands behind a mark.
  void skip_to_mark() {
    ptrace(PTRACE_CONT, child_, 0, 0);
    wait_for_stop();
  }

  struct Counts {
    double instructions, atomics, system_calls;
  };

  // From behind a mark to behind the next one.
  Counts count_to_mark() {
    Counts counts = {};
    for (;;) {
      const Kind kind = kind_at(instruction_pointer());
      ptrace(PTRACE_SINGLESTEP, child_, 0, 0);
      wait_for_stop();
      if (kind.is_mark) return counts;
      ++counts.instructions;
      counts.atomics += kind.is_atomic;
      counts.system_calls += kind.is_system_call;
    }
  }

 private:
  pid_t child_;
  std::unordered_map<long, Kind> kinds_;

  void wait_for_stop() {
    int status;
    if (waitpid(child_, &status, 0) != child_) stop("waitpid");
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) {
      fprintf(stderr, "the traced program ended, status %d\n", status);
      exit(2);
    }
  }

  long instruction_pointer() {
    return ptrace(PTRACE_PEEKUSER, child_, offsetof(user, regs.rip), 0);
  }

  // Longer than the part of an instruction that says what it is.
  Kind kind_at(long address) {
    const auto known = kinds_.find(address);
    if (known != kinds_.end()) return known->second;
    long words[2];
    for (int i = 0; i < 2; ++i)
      words[i] = ptrace(PTRACE_PEEKTEXT, child_, address + 8 * i, 0);
    unsigned char code[sizeof words + 1] = {};
    memcpy(code, words, sizeof words);
    return kinds_[address] = kind_of(code);
  }
};

// What a run of the pattern costs beyond the loop around the calls, for each
// block.
Tracer::Counts count(const char* library, const Pattern& pattern,
                     unsigned thread_count, size_t size) {
  char threads[16], bytes[24];
  snprintf(threads, sizeof threads, "%u", thread_count);
  snprintf(bytes, sizeof bytes, "%zu", size);
  const char* const arguments[] = {"single_step", "--traced", pattern.name,
                                   threads,       bytes,      nullptr};
  Tracer tracer(library, "/proc/self/exe", arguments);
  tracer.skip_to_mark();
  const Tracer::Counts loop = tracer.count_to_mark();
  const Tracer::Counts all = tracer.count_to_mark();
  const double call_count = pattern.is_of_others ? 1 : 2;
  return {(all.instructions - loop.instructions) / block_count + call_count,
          all.atomics / block_count, all.system_calls / block_count};
}

constexpr size_t sizes[] = {16, 64, 128, 256};

void print_counts(const char* library) {
  for (const Pattern& pattern : patterns) {
    if (pattern.run == atomics) continue;
    for (unsigned thread_count = pattern.is_of_others ? 2 : 1;
         thread_count <= 2; ++thread_count) {
      for (size_t size : sizes) {
        const auto counts = count(library, pattern, thread_count, size);
        printf("%s %u %zu %.2f %.4f\n", pattern.name, thread_count, size,
               counts.instructions, counts.atomics);
      }
    }
  }
}

// What the counts of a pattern must be while there is another thread.
bool holds(const Pattern& pattern, size_t size, const Tracer::Counts& counts) {
  // The counter sees what is there.
  if (pattern.run == atomics) return counts.atomics == 3;
  // Sixteen blocks at least go back to their owner together.
  if (pattern.run == free_all)
    return counts.atomics > 0 && counts.atomics <= 1. / 16;
  // A slab is taken and given back under a lock: four atomic instructions, and
  // as many again if the lock is one that counts who waits.
  const double slab_size = 4096;
  if (pattern.run == all)
    return counts.atomics <= 8 * static_cast<double>(size) / slab_size;
  return counts.atomics == 0 && counts.system_calls == 0;
}

int check(const char* library) {
  int passed = 0, failed = 0;
  for (const Pattern& pattern : patterns) {
    for (size_t size : sizes) {
      const auto counts = count(library, pattern, 2, size);
      if (holds(pattern, size, counts)) {
        ++passed;
        continue;
      }
      ++failed;
      printf(
          "%s, %zu bytes: for each block %.4f atomic instructions, "
          "%.4f system calls\n",
          pattern.name, size, counts.atomics, counts.system_calls);
    }
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count == 5 && strcmp(arguments[1], "--traced") == 0)
    for (const Pattern& pattern : patterns)
      if (strcmp(arguments[2], pattern.name) == 0)
        be_traced(pattern, static_cast<unsigned>(atoi(arguments[3])),
                  static_cast<size_t>(atol(arguments[4])));
  if (argument_count == 3 && strcmp(arguments[1], "check") == 0)
    return check(arguments[2]);
  if (argument_count == 3 && strcmp(arguments[1], "count") == 0) {
    print_counts(arguments[2]);
    return 0;
  }
  fprintf(stderr, "usage: single_step count|check LIBRARY\n");
  return 2;
}
