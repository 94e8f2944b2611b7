// The chosen profile as native programs have it, and the page source that
// serves it: for the library and for the tests that stress what it consists of.
#pragma once

#include "bits.hpp"
#include "config.hpp"
#include "hardened_mmap.hpp"
#include "mmap.hpp"
#include "profile.hpp"

namespace mote {

// Threads contend for the back heap: so each keeps some of the blocks between
// 512 bytes and a page that it frees. Processor time to the best of mimalloc,
// jemalloc and tcmalloc, and peak memory to glibc, of one and two threads in
// tests/bench/threads (nine rows): 24 classes, nothing kept 1.38, 0.99; 64 KiB
// kept 1.27, 1.00; 32 classes, 128 KiB kept 1.15, 1.02; 64 classes in slabs of
// 8 KiB, nothing kept 1.17, 1.08.
constexpr Config as_native_profile(Config config) {
  config.class_count = 32;
  if (config.is_hardened) {
    config.quarantine_count = 256;
    config.quarantined_size_max = 8192;
  } else {
    config.class_count = 512 / config.alignment;  // up to an eighth of a page
    config.segment_size = 262144;
    config.thread_cache_bytes = 131072;
  }
  return config;
}

inline constexpr Config native_profile = as_native_profile(profile);

using NativeSource =
    Either<native_profile.is_hardened, HardenedMmap, Mmap>::Type;

}  // namespace mote
