// mote-replay: does what a trace's program did to its allocator, to others.
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <new>
#include <nlohmann/json.hpp>

#include "c_malloc.hpp"
#include "heap.hpp"
#include "mmap.hpp"
#include "operations.hpp"
#include "replay_script.hpp"
#include "run_tool.hpp"
#include "trace_input.hpp"

namespace mote {
namespace {

struct Measured {
  double ns = 0;  // for an operation
  uint64_t footprint_bytes = 0;
  std::string error;
};

Measured failed(const std::string& why) { return {0, 0, why}; }

[[noreturn]] void fail(const char* what) {
  throw Failure(std::string(what) + ": " + strerror(errno));
}

// The operations of a trace in a file of our own, mapped, and gone at the end;
// node reads it too. Another process decodes the trace: what that frees would
// be memory that our malloc, and so the system's under test, has left over.
class OperationsFile {
 public:
  OperationsFile(const std::string& trace, double scale) {
    fd_ = mkstemp(path_);
    if (fd_ < 0) fail(path_);
    void* const shared =
        mmap(nullptr, sizeof(OperationsSummary), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) fail("mmap");
    auto* const summary = new (shared) OperationsSummary;
    const pid_t process = fork();
    if (process < 0) fail("fork");
    if (process == 0) decode(trace, scale, *summary);
    int status = 0;
    waitpid(process, &status, 0);
    if (status != 0) is_good_ = false;  // why, was said
    summary_ = *summary;
    munmap(shared, sizeof(OperationsSummary));
    if (!is_good_ || summary_.operation_count == 0) return;
    void* const list =
        mmap(nullptr, size_bytes(), PROT_READ, MAP_SHARED, fd_, 0);
    if (list == MAP_FAILED) fail(path_);
    list_ = static_cast<const Operation*>(list);
  }
  ~OperationsFile() {
    if (list_ != nullptr) munmap(const_cast<Operation*>(list_), size_bytes());
    close(fd_);
    ::unlink(path_);
  }
  OperationsFile(const OperationsFile&) = delete;
  OperationsFile& operator=(const OperationsFile&) = delete;

  bool is_good() const { return is_good_; }
  const char* path() const { return path_; }
  const OperationsSummary& summary() const { return summary_; }
  const Operation* begin() const { return list_; }
  const Operation* end() const { return list_ + summary_.operation_count; }

 private:
  char path_[32] = "/tmp/mote-replay-XXXXXX";
  int fd_ = -1;
  bool is_good_ = true;
  OperationsSummary summary_;
  const Operation* list_ = nullptr;

  size_t size_bytes() const {
    return summary_.operation_count * sizeof(Operation);
  }

  [[noreturn]] void decode(const std::string& trace, double scale,
                           OperationsSummary& summary) const {
    try {
      const Operations operations = make_operations(read_trace(trace), scale);
      const auto* at = reinterpret_cast<const char*>(operations.list.data());
      size_t left = operations.list.size() * sizeof(Operation);
      while (left > 0) {
        const ssize_t written = write(fd_, at, left);
        if (written <= 0) fail(path_);
        at += written;
        left -= static_cast<size_t>(written);
      }
      summary = operations.summary;
      _exit(0);
    } catch (const std::exception& error) {
      fprintf(stderr, "mote-replay: %s\n", error.what());
      _exit(2);
    }
  }
};

// How much a page source has given, at most.
class CountedMmap : public Mmap {
 public:
  Span acquire(size_t size_bytes, const char* last_byte) noexcept {
    const Span span = Mmap::acquire(size_bytes, last_byte);
    held_bytes_ += span.size_bytes;
    end_ = span.begin != nullptr ? span.begin + span.size_bytes : end_;
    peak_bytes_ = std::max(peak_bytes_, held_bytes_);
    return span;
  }
  char* release(char* from) noexcept {
    char* const end = Mmap::release(from);
    held_bytes_ -= static_cast<size_t>(end_ - end);
    end_ = end;
    return end;
  }
  size_t peak_bytes() const { return peak_bytes_; }

 private:
  char* end_ = nullptr;
  size_t held_bytes_ = 0;
  size_t peak_bytes_ = 0;
};

static_assert(ReleasingPageSource<CountedMmap>);

// A heap of mote's, new for each replay.
template <Config config>
struct MoteHeap : Heap<config, CountedMmap> {
  static void sample(const Operation&) {}
  size_t footprint_bytes() { return this->source().peak_bytes(); }
};

// The malloc that this program was started with: the C library's, or one that
// is preloaded. What it holds is told by mallinfo2, which walks its free
// blocks, and is asked for after large allocations and now and then.
struct SystemMalloc : CMalloc {
  size_t start_bytes = held_bytes();
  size_t peak_bytes = start_bytes;
  unsigned operation_count = 0;

  static size_t held_bytes() {
    const auto info = mallinfo2();
    return info.arena + info.hblkhd;
  }
  void sample(const Operation& operation) {
    constexpr unsigned now_and_then = 1024;
    constexpr size_t large_bytes = 1 << 17;  // mmap's own from here on
    if (++operation_count % now_and_then == 0 ||
        operation.size >= large_bytes) {
      peak_bytes = std::max(peak_bytes, held_bytes());
    }
  }
  size_t footprint_bytes() const { return peak_bytes - start_bytes; }
};

// Both ends of each block are written: the program would, and memory that
// nobody touches costs no time.
void touch(void* ptr, size_t size) {
  if (size == 0) return;
  auto* const bytes = static_cast<volatile char*>(ptr);
  bytes[0] = 1;
  bytes[size - 1] = 1;
}

struct Block {
  void* ptr;
  size_t size;
};

template <class A>
bool replay(A& allocator, const OperationsFile& operations,
            std::vector<Block>& blocks, bool is_sampled) {
  for (const Operation& operation : operations) {
    Block& block = blocks[operation.block];
    const size_t align = size_t{1} << operation.align_bits;
    const auto size = static_cast<size_t>(operation.size);
    if (operation.kind == TraceKind::free) {
      allocator.free(block.ptr, block.size, align);
      continue;
    }
    void* const ptr =
        operation.kind == TraceKind::reallocate
            ? allocator.reallocate(block.ptr, block.size, align, size)
            : allocator.allocate(size, align);
    if (ptr == nullptr) return false;
    block = {ptr, size};
    touch(ptr, size);
    if (is_sampled) allocator.sample(operation);
  }
  return true;
}

double now_ns() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 +
         static_cast<double>(time.tv_nsec);
}

// One replay on a fresh allocator, in a process of its own: blocks that the
// trace leaves in use end with it, and an allocator that traps is told from one
// that does not.
template <class A>
Measured measure_once(const OperationsFile& operations, bool is_sampled) {
  int ends[2];
  if (pipe(ends) != 0) fail("pipe");
  const pid_t process = fork();
  if (process < 0) fail("fork");
  if (process == 0) {
    std::vector<Block> blocks(operations.summary().block_count);
    alignas(A) static char memory[sizeof(A)];
    auto* const allocator = new (memory) A();
    const double start = now_ns();
    const bool is_served = replay(*allocator, operations, blocks, is_sampled);
    const double numbers[] = {
        is_served
            ? (now_ns() - start) /
                  static_cast<double>(operations.summary().operation_count)
            : -1,
        static_cast<double>(allocator->footprint_bytes())};
    _exit(write(ends[1], numbers, sizeof numbers) == sizeof numbers ? 0 : 1);
  }
  close(ends[1]);
  double numbers[2];
  const bool has_result =
      read(ends[0], numbers, sizeof numbers) == sizeof numbers;
  close(ends[0]);
  int status = 0;
  waitpid(process, &status, 0);
  if (!has_result) {
    return failed(WIFSIGNALED(status) ? strsignal(WTERMSIG(status))
                                      : "no result");
  }
  if (numbers[0] < 0) return failed("refused memory");
  return {numbers[0], static_cast<uint64_t>(numbers[1]), ""};
}

// The footprint in a replay of its own, then the best time of several.
template <class A>
Measured measure(const OperationsFile& operations, unsigned repetitions) {
  Measured result = measure_once<A>(operations, true);
  for (unsigned i = 0; i < repetitions && result.error.empty(); ++i) {
    const Measured timed = measure_once<A>(operations, false);
    result.ns = i == 0 ? timed.ns : std::min(result.ns, timed.ns);
    result.error = timed.error;
  }
  return result;
}

constexpr Config with_alignment(Config config, size_t alignment) {
  config.alignment = alignment;
  return config;
}

struct Subject {
  const char* name;
  const char* text;
  Measured (*measure)(const OperationsFile& operations, unsigned repetitions);
};

constexpr Subject subjects[] = {
    {"tiny-8", "mote tiny, alignment 8",
     measure<MoteHeap<with_alignment(tiny_profile, 8)>>},
    {"tiny-16", "mote tiny, alignment 16",
     measure<MoteHeap<with_alignment(tiny_profile, 16)>>},
    {"standard-8", "mote standard, alignment 8",
     measure<MoteHeap<with_alignment(standard_profile, 8)>>},
    {"standard-16", "mote standard, alignment 16",
     measure<MoteHeap<with_alignment(standard_profile, 16)>>},
    {"system", "system malloc", measure<SystemMalloc>},
};

Measured measure_module(const std::string& module,
                        const OperationsFile& operations,
                        unsigned repetitions) {
  int ends[2];
  if (pipe(ends) != 0) fail("pipe");
  const std::string count = std::to_string(repetitions);
  const pid_t process = fork();
  if (process < 0) fail("fork");
  if (process == 0) {
    dup2(ends[1], STDOUT_FILENO);
    execlp("node", "node", "--input-type=module", "-e", replay_script, "--",
           module.c_str(), operations.path(), count.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  std::string text;
  char piece[256];
  for (ssize_t got; (got = read(ends[0], piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(process, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    return failed("node is not installed");
  }
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return failed("node said nothing");
  if (json.contains("error")) return failed(json["error"]);
  return {json["ns"], json["footprint"], ""};
}

void print(const std::string& name, const Measured& measured,
           const OperationsFile& operations) {
  if (!measured.error.empty()) {
    printf("%-28s failed: %s\n", name.c_str(), measured.error.c_str());
    return;
  }
  printf("%-28s %8.1f %15llu %8.3f\n", name.c_str(), measured.ns,
         static_cast<unsigned long long>(measured.footprint_bytes),
         static_cast<double>(measured.footprint_bytes) /
             static_cast<double>(operations.summary().peak_live_bytes));
}

struct Options {
  std::string trace;
  std::vector<std::string> allocators;
  std::vector<std::string> modules;
  double scale = 1;
  unsigned repetitions = 3;
};

// The exit status: 0 if all of them served it.
int replay_on_all(const Options& options) {
  const OperationsFile operations(options.trace, options.scale);
  if (!operations.is_good()) return 2;
  if (operations.summary().operation_count == 0) {
    throw Failure(options.trace + ": has no events");
  }
  printf("%s: %llu operations, at most %llu bytes live\n\n",
         options.trace.c_str(),
         static_cast<unsigned long long>(operations.summary().operation_count),
         static_cast<unsigned long long>(operations.summary().peak_live_bytes));
  printf("%-28s %8s %15s %8s\n", "", "ns/op", "peak footprint", "/ live");
  bool are_good = true;
  const auto show = [&](const std::string& name, const Measured& measured) {
    print(name, measured, operations);
    are_good = are_good && measured.error.empty();
    fflush(stdout);
  };
  for (const Subject& subject : subjects) {
    const auto& chosen = options.allocators;
    if (std::find(chosen.begin(), chosen.end(), subject.name) != chosen.end()) {
      show(subject.text, subject.measure(operations, options.repetitions));
    }
  }
  for (const std::string& module : options.modules) {
    show(module.substr(module.rfind('/') + 1),
         measure_module(module, operations, options.repetitions));
  }
  return are_good ? 0 : 1;
}

int main(int argument_count, char** arguments) {
  Options options;
  std::vector<std::string> names;
  for (const Subject& subject : subjects) names.emplace_back(subject.name);
  options.allocators = names;
  CLI::App app("Replays a trace on mote's profiles and on the system's malloc.",
               "mote-replay");
  app.add_option("TRACE", options.trace,
                 "A trace, as it is or as .xz; - is standard input")
      ->required();
  app.add_option("--on", options.allocators, "Which of them")
      ->delimiter(',')
      ->check(CLI::IsMember(names));
  app.add_option("--wasm", options.modules,
                 "A wasm module that exports malloc, free, realloc and "
                 "aligned_alloc: replayed in node too")
      ->check(CLI::ExistingFile);
  app.add_option("--scale", options.scale,
                 "Multiply sizes; 0.5 is about a 32-bit build of a 64-bit "
                 "program")
      ->check(CLI::Range(0.01, 100.0))
      ->capture_default_str();
  app.add_option("--repetitions", options.repetitions,
                 "The time is the best of so many")
      ->check(CLI::Range(1u, 1000u))
      ->capture_default_str();
  return run_with_arguments(app, argument_count, arguments,
                            [&] { return replay_on_all(options); });
}

}  // namespace
}  // namespace mote

int main(int argument_count, char** arguments) {
  return mote::run_tool("mote-replay", mote::main, argument_count, arguments);
}
