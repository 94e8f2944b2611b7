// The inside of a heap, for tests that look at it or break it on purpose.
//
// Every Verifier is a friend of every heap. This one, for a source that nothing
// else uses, is the door.
#pragma once

#include <stddef.h>

#include <vector>

#include "back_heap.hpp"
#include "free_list.hpp"
#include "heap.hpp"
#include "slabs.hpp"
#include "verify.hpp"

namespace mote {

struct NoPages {
  static constexpr bool is_near_zero = false;
  Span acquire(size_t, const char* = nullptr) noexcept { return {nullptr, 0}; }
};

template <>
class Verifier<standard_profile, NoPages, OneThread> {
 public:
  template <class Back>
  static constexpr size_t is_free = Back::is_free;
  template <class Back>
  static constexpr size_t previous_free = Back::previous_free;
  template <class Back>
  static constexpr size_t is_used = Back::is_used;
  template <class Back>
  static constexpr unsigned bin_count = Back::bin_count;
  template <class Back>
  static constexpr unsigned last_bin = Back::last_bin;

  template <class AnyHeap>
  static auto& back(AnyHeap& heap) {
    return heap.common_.back;
  }
  template <Config config, class Source, class Threading>
  static auto& slabs(Heap<config, Source, Threading>& heap) {
    return heap.small_;
  }
  template <class AnyHeap>
  static auto& map(AnyHeap& heap) {
    return heap.common_.map;
  }
  template <class Map>
  static Header* block_of(const Map& map) {
    return reinterpret_cast<Header*>(map.entries_) - 1;
  }
  template <class Back>
  static unsigned size_to_bin(size_t block_size) {
    return Back::size_to_bin(block_size);
  }
  template <class Back>
  static size_t size_to_block_size(size_t size) {
    return Back::size_to_block_size(size);
  }
  template <class Back>
  static size_t size_of(const Header* block) {
    return Back::size_of(block);
  }
  template <class Back>
  static auto& bins(Back& back) {
    return back.bins_;
  }
  template <class Back>
  static Header* end(Back& back) {
    return back.end();
  }
  template <class Back>
  static Header* origin(Back& back) {
    return const_cast<Header*>(back.origin());
  }
  template <class Back>
  static Header* after(Header* block) {
    return Back::after(block);
  }
  // The heaps that no thread has, of those where each has one.
  template <class Threads>
  static auto* abandoned(Threads& threads) {
    return threads.abandoned_;
  }
  // What each thread has, all of it, the last to begin first.
  template <class Threads>
  static auto* all(Threads& threads) {
    return threads.all_;
  }
  // What the thread that began last has of small blocks.
  template <class Threads>
  static auto& newest(Threads& threads) {
    return threads.all_->slabs;
  }
  template <class Segments>
  static auto& slab_of(Segments&, void* ptr) {
    return Segments::slab_of(ptr);
  }
  template <class Segments>
  static auto& segment_of(Segments&, void* ptr) {
    return *Segments::segment_of(ptr);
  }
  template <class Segments>
  static Links& listed(Segments& segments, size_t class_index) {
    return segments.slabs_[class_index];
  }
  template <class Segments>
  static FreeNode*& first(Segments& segments, size_t class_index) {
    return segments.first_[class_index];
  }
  template <class Small>
  static auto& used_count(const void* ptr) {
    return *Small::used_count(ptr);
  }
  template <class Small>
  static auto& class_at(Small& slabs, size_t class_index) {
    return slabs.classes_[class_index];
  }
  template <class Small>
  static constexpr auto block_bytes = Small::block_bytes;
};

using HeapAccess = Verifier<standard_profile, NoPages, OneThread>;

// All blocks of a heap, free or not, from the lowest header on: two heaps with
// the same layout have served and freed alike.
template <Config config, class Source>
std::vector<Header> layout_of(Heap<config, Source>& heap) {
  using Back = BackHeap<config, Source>;
  Back& back = HeapAccess::back(heap);
  std::vector<Header> layout;
  const Header* const end = HeapAccess::end(back);
  for (Header* block = HeapAccess::origin(back); block != end;
       block = HeapAccess::after<Back>(block)) {
    layout.push_back(*block);
  }
  return layout;
}

inline bool operator==(const Header& a, const Header& b) {
  return a.bits == b.bits;
}

inline Header* header_of(void* ptr) { return static_cast<Header*>(ptr) - 1; }
inline FreeNode* node_at(void* ptr) { return static_cast<FreeNode*>(ptr); }

}  // namespace mote
