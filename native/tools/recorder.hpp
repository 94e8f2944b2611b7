// Writes the trace of this process: what the preload library's names call.
//
// One lock, around a record and not around the allocation it is about: records
// are in the order in which things happened, and memory is traced as it would
// be served without us. A free is noted before it is done, all else afterwards;
// a reallocation, which frees and allocates, holds the lock for both. Files for
// each thread, to be merged by their times, were rejected: times of different
// processors are not exact enough to tell which of two threads had an address
// first. Processor time of an event, on two cores: 100 ns, with stacks 130;
// with 64 threads at it 110 and 160.
//
// Nothing here allocates. What the unwinder and the dynamic linker allocate on
// our behalf, and what a signal handler allocates while its thread writes a
// record, is not noted; `is_inside` tells.
#pragma once

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "errno.hpp"
#include "stack_tree.hpp"
#include "trace_file.hpp"
#include "trace_format.hpp"

namespace mote {

class Recorder {
 public:
  constexpr Recorder() = default;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // What the recorder does itself is no event of the program's.
  class Inside {
   public:
    Inside() : is_outermost_(!thread_.is_inside) { thread_.is_inside = true; }
    ~Inside() {
      if (is_outermost_) thread_.is_inside = false;
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    bool is_outermost() const { return is_outermost_; }

   private:
    bool is_outermost_;
  };

  static bool is_inside() { return thread_.is_inside; }

  // Makes the file, whether or not there will be events.
  void begin() {
    const PreserveErrno preserve;
    const Inside inside;
    if (is_recording() && depth_ > 0) load_unwinder();
  }

  // Around a fork by the C library. The unwinder and dl_iterate_phdr have locks
  // that the child would inherit as another thread holds them, for ever: the
  // fork waits until no thread is in there, and keeps them out meanwhile. For a
  // second at most, since those in there may wait for one that is kept out.
  void before_fork() {
    const PreserveErrno preserve;
    const Inside inside;
    if (!is_recording() || backtrace_ == nullptr) return;
    thread_.is_forking = true;
    __atomic_fetch_add(&forking_, 1, __ATOMIC_SEQ_CST);
    wait_until_zero(unwinding_);
  }

  void after_fork_in_parent() {
    if (!thread_.is_forking) return;
    thread_.is_forking = false;
    __atomic_fetch_sub(&forking_, 1, __ATOMIC_SEQ_CST);
  }

  // An event of the function that was called from `caller`. errno stays.
  void note(const TraceRecord& event, const void* caller) {
    note_around(event, caller, [](TraceRecord&) {});
  }

  // The same, where `act(record)` does what the event is about, and completes
  // the record, with the lock held.
  template <class Act>
  void note_around(TraceRecord record, const void* caller, Act act) {
    const Inside inside;
    Stack stack;
    if (!inside.is_outermost() || !prepare(record, stack, caller)) {
      act(record);
      return;
    }
    pthread_mutex_lock(&lock_);
    act(record);
    const PreserveErrno preserve;
    if (record.kind != TraceKind::end) {
      record.stack = intern(stack);
      write(record);
    }
    const bool is_stale = modules_are_stale_;
    pthread_mutex_unlock(&lock_);
    if (is_stale) note_modules();
  }

  void mark(TraceMark which, const char* label = "") {
    const PreserveErrno preserve;
    const Inside inside;
    if (!inside.is_outermost() || !is_recording()) return;
    pthread_mutex_lock(&lock_);
    write_mark(which, label);
    pthread_mutex_unlock(&lock_);
  }

  // The process ends. More events may follow all the same.
  void finish() {
    const PreserveErrno preserve;
    const Inside inside;
    // Between vfork and exec, memory is the parent's.
    if (!inside.is_outermost() || !is_recording() || getpid() != process_) {
      return;
    }
    pthread_mutex_lock(&lock_);
    write_mark(TraceMark::end, "");
    if (!has_stopped_) file_.trim();
    pthread_mutex_unlock(&lock_);
  }

 private:
  static constexpr unsigned depth_max = 128;
  static constexpr unsigned own_frames_max = 8;

  struct Stack {
    uint64_t addresses[depth_max];  // the innermost first
    unsigned depth = 0;
  };

  // Initial-exec: the first access of a thread would allocate otherwise.
  struct Thread {
    uint32_t id;
    bool is_inside;
    bool is_forking;
  };
  [[gnu::tls_model("initial-exec")]] static inline thread_local Thread thread_;

  TraceFile file_;
  TraceEncoder encoder_;
  StackTree stacks_;
  pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
  // Holds a 1 in the process that has started to record. A fork's child finds
  // a 0 there, whoever made it: fork, clone or the system call.
  char* is_started_ = nullptr;
  bool has_stopped_ = false;
  bool has_times_ = true;
  bool modules_are_stale_ = false;
  unsigned depth_ = 0;
  using Backtrace = int (*)(void** frames, int frame_count_max);
  Backtrace backtrace_ = nullptr;
  int unwinding_ = 0;  // threads that may hold a lock that is not ours
  int forking_ = 0;    // threads between before_fork and the fork
  uint32_t last_thread_ = 0;
  uint64_t start_ns_ = 0;
  pid_t process_ = 0;
  pid_t only_ = 0;  // the one process to record, 0 for all
  // The name of those to record, as far as the kernel keeps it; "" for all.
  char program_[16] = "";
  char path_[PATH_MAX] = "";

  // Code that the modules told so far cover, so that a new address is known to
  // need no look at all of them.
  struct Range {
    uint64_t begin;
    uint64_t end;
  };
  static constexpr size_t module_max = 1024;
  Range modules_[module_max] = {};
  size_t module_count_ = 0;

  // ---- The beginning and the end

  // What goes before the lock; false: nothing is recorded.
  bool prepare(const TraceRecord& record, Stack& stack, const void* caller) {
    const PreserveErrno preserve;
    if (!is_recording()) return false;
    if (backtrace_ != nullptr && record.kind != TraceKind::free)
      capture(stack, caller);
    return true;
  }

  bool is_recording() {
    if (has_stopped_) return false;
    if (is_started_ != nullptr && *is_started_ != 0) return true;
    return start();
  }

  // Only one thread is there: the process begins, or was just forked.
  bool start() {
    const bool is_child = is_started_ != nullptr;
    if (is_child) {
      file_.abandon();
      stacks_.clear();
      encoder_ = TraceEncoder();
      lock_ = PTHREAD_MUTEX_INITIALIZER;
      module_count_ = 0;
      last_thread_ = 0;
      thread_.id = 0;
      thread_.is_forking = false;
      forking_ = 0;
    } else if (!read_settings()) {
      return false;
    }
    *is_started_ = 1;
    has_stopped_ = !is_wanted() || !create();
    if (has_stopped_) return false;
    start_ns_ = now(CLOCK_MONOTONIC);
    const pid_t parent = process_;
    process_ = getpid();
    TraceHeader header;
    header.process_id = static_cast<uint32_t>(process_);
    header.start_ns = has_times_ ? now(CLOCK_REALTIME) : 0;
    file_.commit(TraceEncoder::write_header(header, file_.begin()));
    if (is_child) {
      char text[64];
      snprintf(text, sizeof text, "forked from process %d", parent);
      write_mark(TraceMark::user, text);
      if (unwinding_ != 0) lose_unwinder();
    }
    if (depth_ > 0) modules_are_stale_ = true;
    return true;
  }

  // False: not now (the C library is not ready) or never.
  bool read_settings() {
    if (environ == nullptr) return false;
    const char* const path = secure_getenv("MOTE_TRACE_FILE");
    if (path == nullptr || path[0] != '/' || strlen(path) >= sizeof path_) {
      has_stopped_ = true;
      if (path != nullptr) say("MOTE_TRACE_FILE is not an absolute path");
      return false;
    }
    strcpy(path_, path);
    const char* const depth = secure_getenv("MOTE_TRACE_STACKS");
    depth_ = depth != nullptr ? static_cast<unsigned>(atoi(depth)) : 0;
    if (depth_ > depth_max) depth_ = depth_max;
    const char* const only = secure_getenv("MOTE_TRACE_PROCESS");
    only_ = only != nullptr ? atoi(only) : 0;
    const char* const program = secure_getenv("MOTE_TRACE_PROGRAM");
    if (program != nullptr) strncpy(program_, program, sizeof program_ - 1);
    const char* const times = secure_getenv("MOTE_TRACE_TIMES");
    has_times_ = times == nullptr || strcmp(times, "0") != 0;
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* const memory = mmap(nullptr, page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || madvise(memory, page, MADV_WIPEONFORK) != 0) {
      has_stopped_ = true;
      say("needs madvise(MADV_WIPEONFORK), Linux 4.14");
      return false;
    }
    is_started_ = static_cast<char*>(memory);
    return true;
  }

  // Whether this process is the one, or one of those, that were asked for.
  bool is_wanted() const {
    if (only_ != 0 && only_ != getpid()) return false;
    if (program_[0] == 0) return true;
    char name[sizeof program_] = "";
    const int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t length = read(fd, name, sizeof name - 1);
    close(fd);
    name[length > 0 ? length - 1 : 0] = 0;  // without the end of the line
    return strcmp(name, program_) == 0;
  }

  // The first process of all has the file that was asked for, others (and what
  // a process executes) have files beside it, named after the process.
  bool create() {
    int error = file_.create(path_);
    if (error == EEXIST) {
      const size_t length = strlen(path_);
      char path[PATH_MAX];
      strcpy(path, path_);
      for (int image = 1; error == EEXIST && image < 1000; ++image) {
        const char* const format = image == 1 ? ".%d" : ".%d.%d";
        snprintf(path + length, sizeof path - length, format, getpid(), image);
        error = file_.create(path);
      }
    }
    if (error != 0) say_error("cannot write a trace", error);
    return error == 0;
  }

  static void say(const char* message) {
    dprintf(STDERR_FILENO, "mote-trace: %s\n", message);
  }

  static void say_error(const char* message, int error) {
    // strerror may allocate.
    const char* const name = strerrorname_np(error);
    dprintf(STDERR_FILENO, "mote-trace: %s: %s; process %d goes on without\n",
            message, name != nullptr ? strerrordesc_np(error) : "", getpid());
  }

  static uint64_t now(clockid_t clock) {
    timespec time;
    clock_gettime(clock, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<uint64_t>(time.tv_nsec);
  }

  // ---- Records. The lock is held.

  void write(TraceRecord record) {
    if (thread_.id == 0) {
      thread_.id = static_cast<uint32_t>(syscall(SYS_gettid));
    }
    if (thread_.id != last_thread_) {
      last_thread_ = thread_.id;
      append({.kind = TraceKind::thread, .thread = thread_.id});
    }
    if (has_times_) record.time_ns = now(CLOCK_MONOTONIC) - start_ns_;
    append(record);
  }

  void write_mark(TraceMark which, const char* label) {
    write({.kind = TraceKind::mark,
           .argument = static_cast<uint8_t>(which),
           .text = label,
           .text_length = strlen(label)});
  }

  void append(const TraceRecord& record) {
    if (has_stopped_) return;
    const int error =
        file_.reserve(trace_record_bytes_max + record.text_length);
    if (error != 0) {
      stop(error);
      return;
    }
    file_.commit(encoder_.write(record, file_.begin()));
  }

  // The file cannot grow. What was kept free takes a last word.
  void stop(int error) {
    has_stopped_ = true;
    say_error("the trace ends here", error);
    char text[128];
    snprintf(text, sizeof text, "mote-trace: recording stopped: %s",
             strerrordesc_np(error));
    if (file_.begin() != nullptr) {
      file_.commit(encoder_.write(
          {.kind = TraceKind::mark, .text = text, .text_length = strlen(text)},
          file_.begin()));
      file_.trim();
    }
  }

  // ---- Stacks

  // Loaded for its one function and kept to ourselves: as a library of ours it
  // would also become the program's unwinder of exceptions.
  void load_unwinder() {
    void* const library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) {
      backtrace_ = reinterpret_cast<Backtrace>(dlsym(library, "unw_backtrace"));
    }
    if (backtrace_ == nullptr) say("there is no libunwind.so.8, so no stacks");
  }

  // In a fork's child: some thread, which is not here, may have held the locks.
  void lose_unwinder() {
    unwinding_ = 0;
    backtrace_ = nullptr;
    depth_ = 0;
    write_mark(TraceMark::user,
               "mote-trace: forked while another thread was in the unwinder, "
               "so there are no stacks");
  }

  static void wait_until_zero(const int& count) {
    const uint64_t end = now(CLOCK_MONOTONIC) + 1'000'000'000;
    while (__atomic_load_n(&count, __ATOMIC_SEQ_CST) != 0 &&
           now(CLOCK_MONOTONIC) < end) {
      const timespec pause = {0, 20'000};
      nanosleep(&pause, nullptr);
    }
  }

  // While it is there, this thread may hold a lock that is not ours.
  class Unwinding {
   public:
    explicit Unwinding(Recorder& recorder) : recorder_(recorder) {
      enter();
      if (__atomic_load_n(&recorder_.forking_, __ATOMIC_SEQ_CST) == 0 ||
          thread_.is_forking) {
        return;
      }
      leave();
      wait_until_zero(recorder_.forking_);
      enter();
    }
    ~Unwinding() { leave(); }
    Unwinding(const Unwinding&) = delete;
    Unwinding& operator=(const Unwinding&) = delete;

   private:
    Recorder& recorder_;

    void enter() {
      __atomic_fetch_add(&recorder_.unwinding_, 1, __ATOMIC_SEQ_CST);
    }
    void leave() {
      __atomic_fetch_sub(&recorder_.unwinding_, 1, __ATOMIC_SEQ_CST);
    }
  };

  // Without the lock: the unwinder may wait for the dynamic linker's, which
  // another thread may hold while it allocates.
  //
  // By libunwind, whose cache of frame layouts makes it 170 ns for 21 frames
  // where libgcc's _Unwind_Backtrace takes 5 us. Frame pointers, which are
  // quicker still, most programs do not have.
  void capture(Stack& stack, const void* caller) {
    void* frames[depth_max + own_frames_max];
    const int depth = static_cast<int>(depth_ + own_frames_max);
    const int count = unwind(frames, depth);
    int first = 0;  // the program's frames begin with the caller
    while (first < count && frames[first] != caller) ++first;
    if (first == count) first = 0;
    for (int i = first; i < count && stack.depth < depth_; ++i) {
      stack.addresses[stack.depth++] = reinterpret_cast<uintptr_t>(frames[i]);
    }
  }

  int unwind(void** frames, int count_max) {
    const Unwinding unwinding(*this);
    return backtrace_(frames, count_max);
  }

  uint32_t intern(const Stack& stack) {
    uint32_t node = 0;
    for (unsigned i = stack.depth; i-- > 0;) {
      const uint64_t address = stack.addresses[i];
      node = stacks_.child(node, address, [&](uint32_t) {
        append(
            {.kind = TraceKind::extended, .stack = node, .address = address});
        if (!is_in_module(address)) modules_are_stale_ = true;
      });
    }
    return node;
  }

  bool is_in_module(uint64_t address) const {
    for (size_t i = 0; i < module_count_; ++i) {
      if (address >= modules_[i].begin && address < modules_[i].end) {
        return true;
      }
    }
    return false;
  }

  // The linker's lock comes before ours: others may hold it and allocate.
  void note_modules() {
    const Unwinding unwinding(*this);
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* argument) {
          auto& recorder = *static_cast<Recorder*>(argument);
          pthread_mutex_lock(&recorder.lock_);
          recorder.modules_are_stale_ = false;
          recorder.note_module(*info);
          pthread_mutex_unlock(&recorder.lock_);
          return 0;
        },
        this);
  }

  void note_module(const dl_phdr_info& info) {
    char own[PATH_MAX];
    const char* path = info.dlpi_name;
    if (path[0] == 0) {  // the program itself
      const ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
      if (length < 0) return;
      own[length] = 0;
      path = own;
    }
    for (size_t i = 0; i < info.dlpi_phnum; ++i) {
      const auto& part = info.dlpi_phdr[i];
      if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
      const uint64_t begin = info.dlpi_addr + part.p_vaddr;
      if (is_in_module(begin) || module_count_ == module_max) continue;
      modules_[module_count_++] = {begin, begin + part.p_memsz};
      append({.kind = TraceKind::extended,
              .argument = static_cast<uint8_t>(TraceExtension::module),
              .address = begin,
              .size = part.p_memsz,
              .file_offset = part.p_offset,
              .text = path,
              .text_length = strlen(path)});
    }
  }
};

}  // namespace mote
