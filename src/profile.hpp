// The configuration that the build chose for the global heap.
//
//   -DMOTE_PROFILE_TINY | -DMOTE_PROFILE_STANDARD (default)
//   -DMOTE_ALIGNMENT=8|16 (default 16)
#pragma once

#include "config.hpp"

#if defined(MOTE_PROFILE_TINY) && defined(MOTE_PROFILE_STANDARD)
#error "mote: choose one profile"
#endif
#ifndef MOTE_ALIGNMENT
#define MOTE_ALIGNMENT 16
#endif

namespace mote {

constexpr Config chosen_profile() {
#ifdef MOTE_PROFILE_TINY
  Config config = tiny_profile;
#else
  Config config = standard_profile;
#endif
  config.alignment = MOTE_ALIGNMENT;
  return config;
}

inline constexpr Config profile = chosen_profile();

}  // namespace mote
