// A statement that must stop the program, with the cause's name.
#pragma once

#include <gtest/gtest.h>

// An engine's trap ends the whole program, so there the case is skipped, and
// tests/freestanding has it.
#if GTEST_HAS_DEATH_TEST
#define EXPECT_STOPS(statement, cause) EXPECT_DEATH(statement, "mote: " cause)
#else
#define EXPECT_STOPS(statement, cause) \
  if (false)                           \
    statement;                         \
  else                                 \
    GTEST_SKIP()
#endif
