// The rows, each described where it is defined.
#pragma once

#include "crew.hpp"

#define BENCH_THREAD_ROWS(ROW) \
  ROW(larson)                  \
  ROW(xmalloc)                 \
  ROW(producer_consumer)       \
  ROW(mstress)                 \
  ROW(scaling)                 \
  ROW(cache_scratch)           \
  ROW(cache_thrash)            \
  ROW(thread_births)           \
  ROW(pipeline)                \
  ROW(handoff)                 \
  ROW(realloc_growth)          \
  ROW(medium)                  \
  ROW(churn)

#define BENCH_DECLARE(name) void name(unsigned thread_count);
BENCH_THREAD_ROWS(BENCH_DECLARE)
#undef BENCH_DECLARE
