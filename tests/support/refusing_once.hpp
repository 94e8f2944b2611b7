// Any page source, with one of its requests refused.
#pragma once

#include <stddef.h>

#include "page_source.hpp"

namespace mote {

template <PageSource Source>
struct RefusingOnce : Source {
  size_t refuse_at = 0;      // 0: none, 1: the first
  size_t acquire_count = 0;  // calls, the refused one included

  Span acquire(size_t size_bytes, const char* last_byte) noexcept {
    if (++acquire_count == refuse_at) return {nullptr, 0};
    return Source::acquire(size_bytes, last_byte);
  }
};

}  // namespace mote
