// Every page source that this machine has, refusing whenever the input says so:
// it keeps its contract, and the heap over it the model's rules.
#include <stddef.h>
#include <stdint.h>

#include "fuzz/input.hpp"
#include "native/hardened_mmap.hpp"
#include "native/mmap.hpp"
#include "native/sbrk.hpp"
#include "native/static_array.hpp"
#include "support/fake_linear_memory.hpp"
#include "support/refusing_once.hpp"

namespace mote {
namespace {

// A source's contract, watched; and the requests that it must refuse: one bit
// each.
template <class Source>
class Watched {
 public:
  static constexpr bool is_near_zero = Source::is_near_zero;

  constexpr explicit Watched(Source& source, uint64_t refusals)
      : source_(&source), refusals_(refusals) {}

  Span acquire(size_t size_bytes, const char* last_byte) noexcept {
    const bool refuses = refusals_ & 1;
    refusals_ = refusals_ >> 1 | refusals_ << 63;
    if (refuses) return {nullptr, 0};
    const Span span = source_->acquire(size_bytes, last_byte);
    if (span.begin == nullptr) {
      if (span.size_bytes != 0) problem_ = "a refusal with a size";
      return span;
    }
    if (span.size_bytes < size_bytes) problem_ = "a span that is too short";
    if ((address_of(span.begin) | span.size_bytes) % span_alignment != 0)
      problem_ = "a span at an odd place";
    if (span.begin < end_ && span.begin + span.size_bytes > begin_)
      problem_ = "a span over the one before";
    if (!was_released_ && !is_zero(span)) problem_ = "a span that is not zero";
    if (span.begin != end_) begin_ = span.begin;
    end_ = span.begin + span.size_bytes;
    return span;
  }

  char* release(char* from) noexcept
    requires ReleasingPageSource<Source>
  {
    char* const kept = source_->release(from);
    if (kept < from || kept > end_) problem_ = "released beyond its borders";
    was_released_ = true;
    end_ = kept;
    return kept;
  }

  // The last region goes back: no heap is over it any more.
  void release_all() {
    if constexpr (ReleasingPageSource<Source>)
      if (begin_ != nullptr) source_->release(begin_);
  }

  const char* problem() const { return problem_; }

 private:
  static bool is_zero(const Span& span) {
    for (size_t i = 0; i < span.size_bytes; ++i)
      if (span.begin[i] != 0) return false;
    return true;
  }

  Source* source_;
  uint64_t refusals_;
  char* begin_ = nullptr;  // of the last region
  char* end_ = nullptr;
  bool was_released_ = false;
  const char* problem_ = nullptr;
};

template <Config config, class Source>
void run_watched(const Program& program, Source& source, uint64_t refusals) {
  HeapOf<config, Watched<Source>, OneThread> heap{
      Watched<Source>(source, refusals)};
  run_by_model<config.alignment>(heap, program, [&]() -> const char* {
    const char* wrong = heap.source().problem();
    return wrong != nullptr ? wrong : verify(heap);
  });
  heap.source().release_all();
}

template <class Source>
void run(FuzzInput& input, Source& source, size_t profile) {
  // What is refused, then a program.
  uint64_t refusals = 0;
  for (int i = 0; i < 4; ++i) refusals = refusals << 16 | input.two_bytes();
  const Program program = input.program();
  switch (profile % 4) {
    case 0:
      return run_watched<tiny_profile>(program, source, refusals);
    case 1:
      return run_watched<standard_profile>(program, source, refusals);
    default:
      return run_watched<hardened_profile>(program, source, refusals);
  }
}

template <class Source>
void run_on_new(FuzzInput& input, size_t profile) {
  static Source source;
  run(input, anew(source), profile);
}

// Blocks between guard pages belong to the heap, not to its source. One heap
// for all inputs: the window that it reserves for them stays reserved.
void run_guarded(FuzzInput& input) {
  static HeapOf<Config{.is_hardened = true, .guarded_size_min = 4096},
                RefusingOnce<HardenedMmap>, OneThread>
      heap;
  heap.source().refuse_at = heap.source().acquire_count + input.byte();
  run_by_model<16>(heap, input.program(), [&] { return verify(heap); });
}

alignas(4096) char given[1 << 16];

}  // namespace
}  // namespace mote

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  using namespace mote;
  FuzzInput input(bytes, length);
  const size_t choice = input.byte();
  const size_t profile = choice >> 4;
  if (profile == 15) {
    run_guarded(input);
    return 0;
  }
  switch (choice % 8) {
    case 0: {
      // One for all inputs: what it reserved stays reserved.
      static Mmap source;
      run(input, source, profile);
      break;
    }
    case 1: {
      static Sbrk<> source;
      run(input, source, profile);
      break;
    }
    case 2:
      run_on_new<StaticArray<32768>>(input, profile);
      break;
    case 3: {
      const size_t offset = input.byte() % 64;
      memset(given, 0, sizeof given);
      GivenMemory source(given + offset, sizeof given - offset - input.byte());
      run(input, source, profile);
      break;
    }
    case 4:
      run_on_new<FakeLinearSource<FakeLinearMemory<1, 5003>>>(input, profile);
      break;
    case 5:
      run_on_new<FakeLinearSource<FakeLinearMemory<8, 5000>>>(input, profile);
      break;
    case 6:
      run_on_new<FakeLinearSource<FakeLinearMemory<1024, 4096>>>(input,
                                                                 profile);
      break;
    default:
      run_on_new<FakeLinearSource<FakeLinearMemory<65536, 131072>>>(input,
                                                                    profile);
  }
  return 0;
}
