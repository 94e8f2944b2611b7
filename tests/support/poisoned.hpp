// A heap whose blocks AddressSanitizer knows, though mote tells it nothing: its
// user may touch the bytes that were asked for, and nothing else of the heap's
// memory; the heap may touch its own, and of the user's only the block that a
// call is about. So an overflow by one byte, a use after free, and a heap that
// writes into somebody's block are all reported where they happen.
//
// Between two calls all of the heap is poisoned but what is live; in a call,
// what is live. O(pieces of the heap) each. Without AddressSanitizer only the
// heap.
#pragma once

#include <stddef.h>

#include <map>
#include <vector>

#include "asan.hpp"
#include "page_source.hpp"
#include "verify.hpp"
#include "walk.hpp"

namespace mote {

template <class AnyHeap>
class Poisoned {
 public:
  Poisoned() = default;
  Poisoned(const Poisoned&) = delete;
  Poisoned& operator=(const Poisoned&) = delete;
  // Others may have the memory now.
  ~Poisoned() {
    for (const auto& [ptr, size] : live_) allow(ptr, size);
    allow_regions();
  }

  void* allocate(size_t size) { return allocate(size, 1); }
  void* allocate(size_t size, size_t align) {
    return in_heap(nullptr,
                   [&] { return noted(heap_.allocate(size, align), size); });
  }
  void* allocate_zeroed(size_t size, size_t align) {
    return in_heap(nullptr, [&] {
      return noted(heap_.allocate_zeroed(size, align), size);
    });
  }
  // What the caller says of the block, the heap hears.
  template <class... Told>
  void free(void* ptr, Told... told) {
    in_heap(ptr, [&] {
      live_.erase(ptr);
      heap_.free(ptr, told...);
    });
  }
  void* reallocate(void* ptr, size_t align, size_t size) {
    return moved(ptr, size, [&] { return heap_.reallocate(ptr, align, size); });
  }
  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    return moved(ptr, size,
                 [&] { return heap_.reallocate(ptr, old_size, align, size); });
  }
  bool try_expand(void* ptr, size_t size) {
    return in_heap(ptr, [&] {
      if (!heap_.try_expand(ptr, size)) return false;
      noted(ptr, size);
      return true;
    });
  }
  // What was asked for: more is poisoned.
  size_t usable_size(const void* ptr) {
    if constexpr (!has_asan) return heap_.usable_size(ptr);
    const auto found = live_.find(const_cast<void*>(ptr));
    return found == live_.end() ? 0 : found->second;
  }
  size_t trim()
    requires requires(AnyHeap& heap) { heap.trim(); }
  {
    return in_heap(nullptr, [&] { return heap_.trim(); });
  }

  // What is broken in the heap, as verify() says; and whether there is room in
  // each live block for what was asked.
  const char* verify() {
    return in_heap(nullptr, [&]() -> const char* {
      for (const auto& [ptr, size] : live_)
        if (heap_.usable_size(ptr) < size) return "smaller than asked for";
      return mote::verify(heap_);
    });
  }

  auto& source() { return heap_.source(); }
  AnyHeap& unlocked() { return heap_; }

 private:
  AnyHeap heap_;
  std::map<void*, size_t> live_;  // what was asked for
  std::vector<Span> regions_;     // those of the heap after the last call

  // `own` is the block that the call is about, if any.
  template <class Call>
  auto in_heap([[maybe_unused]] void* own, Call call) {
    if constexpr (!has_asan) {
      return call();
    } else {
      allow_regions();
      for (const auto& [ptr, size] : live_)
        if (ptr != own) forbid(ptr, size);
      const Leave leave{*this};
      return call();
    }
  }

  struct Leave {
    Poisoned& poisoned;
    ~Leave() { poisoned.forbid_what_is_not_live(); }
  };

  template <class Reallocate>
  void* moved(void* ptr, size_t size, Reallocate reallocate) {
    return in_heap(ptr, [&] {
      void* const result = reallocate();
      if (result != nullptr) live_.erase(ptr);
      return noted(result, size);
    });
  }

  void* noted(void* ptr, size_t size) {
    if constexpr (has_asan)
      if (ptr != nullptr) live_[ptr] = size;
    return ptr;
  }

  void allow_regions() {
    for (const Span& region : regions_) allow(region.begin, region.size_bytes);
  }

  void forbid_what_is_not_live() {
    // The walk looks into blocks in use, whether they are free after all.
    for (const auto& [ptr, size] : live_) allow(ptr, size);
    regions_.clear();
    walk(heap_, [&](const mote_piece& piece) {
      if (piece.kind == mote_piece_region)
        regions_.push_back(
            {static_cast<char*>(const_cast<void*>(piece.address)),
             piece.size_bytes});
    });
    for (const Span& region : regions_) forbid(region.begin, region.size_bytes);
    for (const auto& [ptr, size] : live_) allow(ptr, size);
  }
};

}  // namespace mote
