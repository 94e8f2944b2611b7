// A page source as an arena's source of chunks, with no heap in between:
//
//   mote::Arena<mote::PageChunks<mote::MemoryGrow>> arena;
//
// A chunk is a span, all of it. Page sources take back only their end, and many
// nothing: what is freed waits in a list, first fit, for the next one. The list
// is as long as there are chunks, which double: O(log bytes) while they do.
// Threads: as the source.
#pragma once

#include <stddef.h>

#include "page_source.hpp"

namespace mote {

template <PageSource Source>
class PageChunks {
 public:
  constexpr PageChunks() = default;
  explicit constexpr PageChunks(const Source& source) : source_(source) {}
  PageChunks(const PageChunks&) = delete;
  PageChunks& operator=(const PageChunks&) = delete;

  // A span of that size or more; {nullptr, 0} when refused. Aligned as spans
  // are, which must do.
  Span allocate_at_least(size_t size, size_t) {
    for (Free** link = &free_; *link; link = &(*link)->next) {
      Free* found = *link;
      if (found->size_bytes < size) continue;
      *link = found->next;
      return {reinterpret_cast<char*>(found), found->size_bytes};
    }
    Span span = source_.acquire(size, end() - 1);
    if (span.begin) end_ = span.begin + span.size_bytes;
    return span;
  }

  // The size is that of the span.
  void free(void* ptr, size_t size, size_t) {
    char* begin = static_cast<char*>(ptr);
    if constexpr (ReleasingPageSource<Source>) {
      if (begin + size == end_) {
        end_ = source_.release(begin);
        size = static_cast<size_t>(end_ - begin);
        if (size < sizeof(Free)) return;
      }
    }
    auto* freed = static_cast<Free*>(ptr);
    *freed = {free_, size};
    free_ = freed;
  }

  Source& source() { return source_; }

 private:
  struct Free {
    Free* next;
    size_t size_bytes;
  };

  // Before the first span, the source wants an address in static data.
  const char* end() const {
    return end_ ? end_ : reinterpret_cast<const char*>(this) + 1;
  }

  char* end_ = nullptr;  // of the last span, less what was released
  Free* free_ = nullptr;
  [[no_unique_address]] Source source_;
};

}  // namespace mote
