#include "profile.hpp"

#include <gtest/gtest.h>

#if (defined(__unix__) || defined(__APPLE__)) && !defined(__wasm__)
#include "native/native_profile.hpp"
#endif

namespace mote {
namespace {

TEST(profile, is_what_the_build_chose) {
  EXPECT_TRUE(is_valid(profile));
  EXPECT_EQ(profile.alignment, size_t{MOTE_ALIGNMENT});
#ifdef MOTE_PROFILE_TINY
  EXPECT_FALSE(profile.has_slabs);
#else
  EXPECT_TRUE(profile.has_slabs);
#endif
}

TEST(profile, is_chosen_alike_when_the_program_runs) {
  EXPECT_EQ(chosen_profile().alignment, profile.alignment);
  EXPECT_EQ(chosen_profile().has_slabs, profile.has_slabs);
}

#if (defined(__unix__) || defined(__APPLE__)) && !defined(__wasm__)
TEST(profile, each_is_valid_natively_with_both_alignments) {
  for (Config config : {tiny_profile, standard_profile, hardened_profile}) {
    for (size_t alignment : {size_t{8}, size_t{16}}) {
      config.alignment = alignment;
      EXPECT_TRUE(is_valid(as_native_profile(config))) << alignment;
    }
  }
}
#endif

}  // namespace
}  // namespace mote
