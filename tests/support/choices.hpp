// The configurations that typed suites run in, and their names. `Choices` is
// each profile of `Heap` at each alignment, `SlabChoices` and `TinyChoices` are
// those of one; `ProfileChoices`, each of `HeapOf`, which has the hardened one,
// too: there with so many guarded blocks, where the platform has such, that
// programs have some.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "config.hpp"

namespace mote {

template <Config c>
struct Choice {
  static constexpr Config config = c;
};

// Two lists as one.
template <class... Some, class... More>
testing::Types<Some..., More...> joined(testing::Types<Some...>,
                                        testing::Types<More...>);
template <class Some, class More>
using Joined = decltype(joined(Some(), More()));

using SlabChoices = testing::Types<Choice<Config{.alignment = 8}>,
                                   Choice<Config{.alignment = 16}>>;
using TinyChoices =
    testing::Types<Choice<Config{.alignment = 8, .has_slabs = false}>,
                   Choice<Config{.alignment = 16, .has_slabs = false}>>;
using Choices = Joined<SlabChoices, TinyChoices>;

using ProfileChoices = Joined<
    Choices,
    testing::Types<
        Choice<Config{
            .alignment = 8, .is_hardened = true, .guarded_size_min = 4096}>,
        Choice<Config{
            .alignment = 16, .is_hardened = true, .guarded_size_min = 4096}>>>;

class ChoiceNames {
 public:
  template <class C>
  static std::string GetName(int) {
    constexpr Config config = C::config;
    return (config.is_hardened    ? std::string("hardened")
            : config.segment_size ? std::string("segments")
            : config.has_slabs    ? "slabs_" + std::to_string(config.slab_size)
                                  : std::string("tiny")) +
           "_aligned_" + std::to_string(config.alignment);
  }
};

}  // namespace mote
