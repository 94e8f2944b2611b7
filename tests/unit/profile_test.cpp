#include "profile.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace mote
