// Any program against any heap and any whim of a page source: the model's rules
// and every invariant hold after each step. Half of the inputs make the C
// calls.
#include <stddef.h>
#include <stdint.h>

#include "fuzz/input.hpp"
#include "support/c_calls.hpp"
#include "support/fake_pages.hpp"

namespace mote {
namespace {

template <class Source>
void choose_whims(FuzzInput& input, Source& pages) {
  constexpr size_t page_sizes[] = {1, 48, 1024, 4096, 65536};
  pages.page_size_bytes = page_sizes[input.byte() % 5];
  const size_t whims = input.byte();
  pages.foreign_bytes = whims & 1 ? 16 : whims & 2 ? 4096 : 0;
  pages.descending = whims & 4;
  pages.first_offset_bytes = whims & 8 ? 112 : 0;
  if (whims & 16) pages.budget_bytes = 4096 * (1 + input.byte());
  pages.refuse_at = whims & 32 ? input.byte() : 0;
}

// An object of the program's, as the C calls want it; each input makes it anew.
template <Config config, class Source>
ProgramHeap<config, Source> heap;

template <Config config, class Source>
void run(FuzzInput& input, bool makes_c_calls) {
  auto& one = anew(heap<config, Source>);
  choose_whims(input, one.source());
  const Program program = input.program();
  if (makes_c_calls) {
    CCalls<Rules<heap<config, Source>>> calls(config.alignment);
    run_by_model<config.alignment>(calls, program, [&] {
      const char* wrong = calls.problem();
      return wrong != nullptr ? wrong : one.verify();
    });
  } else {
    run_by_model<config.alignment>(one, program, [&] { return one.verify(); });
  }
}

}  // namespace
}  // namespace mote

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  using namespace mote;
  FuzzInput input(bytes, length);
  const size_t choice = input.byte();
  const bool makes_c_calls = choice & 8;
  if (choice >> 6 == 3) {
    run<small_segments, ReleasingFakePages>(input, makes_c_calls);
    return 0;
  }
  switch (choice % 8) {
    case 0:
      run<Config{.alignment = 16}, FakePages>(input, makes_c_calls);
      break;
    case 1:
      run<Config{.alignment = 8}, FakePages>(input, makes_c_calls);
      break;
    case 2:
      run<Config{.alignment = 16}, ReleasingFakePages>(input, makes_c_calls);
      break;
    case 3:
      run<Config{.alignment = 16, .has_slabs = false}, ReleasingFakePages>(
          input, makes_c_calls);
      break;
    case 4:
      run<Config{.alignment = 8, .has_slabs = false}, FakePages>(input,
                                                                 makes_c_calls);
      break;
    case 5:
      run<Config{.alignment = 16, .is_hardened = true}, ReleasingFakePages>(
          input, makes_c_calls);
      break;
    case 6:
      run<Config{.alignment = 8, .is_hardened = true}, FakePages>(
          input, makes_c_calls);
      break;
    default:
      run<Config{.class_count = 4, .slab_size = 512}, ReleasingFakePages>(
          input, makes_c_calls);
  }
  return 0;
}
