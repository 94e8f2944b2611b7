// Counts what goes through it: how often, how many bytes, how many are live and
// were at most, and on request by size class. Constant-initialised, so that it
// counts before `main`; allocates nothing.
//
//   mote::Counting counting(heap);
//   const mote::Counts before = counting.counts();
//   parse(counting, text);
//   print((counting.counts() - before).live_bytes);  // what parse left behind
//
// The questions it answers are those of the crate stats_alloc (neoeinstein,
// github.com/neoeinstein/stats_alloc), and the difference is its `Region`.
//
// Complexity: O(1) beside the inner call. Threads: as the inner allocator and
// `Counter` allow; counts read while others allocate are each right, but not of
// one instant.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "allocator.hpp"
#include "bits.hpp"
#include "counter.hpp"

namespace mote {

// Sizes are those asked for. Of two of them, the later minus the earlier is
// what happened in between; there `live_bytes` may be negative, and
// `peak_bytes` is the later one.
struct Counts {
  uint64_t allocation_count = 0;
  uint64_t free_count = 0;          // of null: not counted
  uint64_t reallocation_count = 0;  // of null: an allocation
  uint64_t refusal_count = 0;       // of either
  uint64_t requested_bytes = 0;     // by allocations, and what blocks grew by
  int64_t live_bytes = 0;
  uint64_t peak_bytes = 0;  // of the live bytes

  constexpr int64_t live_count() const {
    return static_cast<int64_t>(allocation_count - free_count);
  }

  friend constexpr Counts operator-(Counts later, const Counts& earlier) {
    later.allocation_count -= earlier.allocation_count;
    later.free_count -= earlier.free_count;
    later.reallocation_count -= earlier.reallocation_count;
    later.refusal_count -= earlier.refusal_count;
    later.requested_bytes -= earlier.requested_bytes;
    later.live_bytes -= earlier.live_bytes;
    return later;
  }
};

// The same of one size class.
struct ClassCounts {
  uint64_t request_count = 0;  // by allocations and reallocations
  uint64_t live_count = 0;
};

// A way to sort sizes: `class_count` classes, `size_to_class(size)` below it.
// This one is no sorting at all, and costs nothing.
struct NoSizeClasses {
  static constexpr size_t class_count = 0;
};

// 0 and 1, 2, 3 to 4, 5 to 8, 9 to 16 ...
struct PowersOfTwo {
  static constexpr size_t class_count = sizeof(size_t) * 8 + 1;

  static constexpr size_t size_to_class(size_t size) {
    return size < 2 ? 0 : highest_bit(size - 1) + 1;
  }
  // The largest size in the class.
  static constexpr size_t class_to_size(size_t class_index) {
    return class_index == class_count - 1 ? SIZE_MAX : size_t{1} << class_index;
  }
};

template <class A, class SizeClasses = NoSizeClasses,
          class Counter = AtomicCounter>
  requires Allocator<A>
class Counting {
 public:
  constexpr Counting() = default;
  explicit constexpr Counting(Held<A> inner)
      : inner_(static_cast<A&&>(inner)) {}
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

  void* allocate(size_t size, size_t align) {
    void* ptr = inner_.allocate(size, align);
    if (ptr) {
      allocations_.add(1);
      came(size, size);
    } else {
      refusals_.add(1);
    }
    return ptr;
  }

  // Counted first: once it is free, another thread may have it.
  void free(void* ptr, size_t size, size_t align) {
    if (ptr) {
      frees_.add(1);
      live_.add(-uint64_t{size});
      went(size);
    }
    inner_.free(ptr, size, align);
  }

  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    if (!ptr) return allocate(size, align);
    void* moved = inner_.reallocate(ptr, old_size, align, size);
    if (moved) {
      reallocations_.add(1);
      went(old_size);
      came(size, uint64_t{size} - old_size);
    } else {
      refusals_.add(1);
    }
    return moved;
  }

  Counts counts() const {
    return {.allocation_count = allocations_.load(),
            .free_count = frees_.load(),
            .reallocation_count = reallocations_.load(),
            .refusal_count = refusals_.load(),
            .requested_bytes = requested_.load(),
            .live_bytes = static_cast<int64_t>(live_.load()),
            .peak_bytes = peak_.load()};
  }

  ClassCounts class_counts(size_t class_index) const
    requires(SizeClasses::class_count != 0)
  {
    return {by_class_.requests[class_index].load(),
            by_class_.live[class_index].load()};
  }

  // From here on, the peak is that of what follows.
  void restart_peak() { peak_.store(live_.load()); }

 private:
  template <size_t class_count>
  struct ByClass {
    Counter requests[class_count] = {};
    Counter live[class_count] = {};
  };
  template <size_t class_count>
    requires(class_count == 0)
  struct ByClass<class_count> {};

  // A block of that size, by which the live bytes changed by `change`.
  void came(size_t size, uint64_t change) {
    if (static_cast<int64_t>(change) > 0) requested_.add(change);
    peak_.raise_to(live_.add(change));
    if constexpr (SizeClasses::class_count != 0) {
      by_class_.requests[SizeClasses::size_to_class(size)].add(1);
      by_class_.live[SizeClasses::size_to_class(size)].add(1);
    }
  }

  void went([[maybe_unused]] size_t size) {
    if constexpr (SizeClasses::class_count != 0)
      by_class_.live[SizeClasses::size_to_class(size)].add(-uint64_t{1});
  }

  [[no_unique_address]] A inner_;
  Counter allocations_;
  Counter frees_;
  Counter reallocations_;
  Counter refusals_;
  Counter requested_;
  Counter live_;
  Counter peak_;
  [[no_unique_address]] ByClass<SizeClasses::class_count> by_class_;
};

template <class A>
Counting(A&) -> Counting<A&>;

}  // namespace mote
