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

}  // namespace
}  // namespace mote
