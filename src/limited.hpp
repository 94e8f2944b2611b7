// A cap on the live bytes, as they were asked for. A request that would exceed
// it, or that the inner allocator refuses, first asks the program to free
// something:
//
//   bool drop_cache(void* cache, size_t) {
//     return static_cast<Cache*>(cache)->drop_oldest();
//   }
//   mote::Limited limited(heap, 10'000'000, drop_cache, &cache);
//
// The callback may free and allocate through the same wrapper. As long as it
// says that it freed something, the request is tried again; one that says so
// and frees nothing never ends (as with std::new_handler).
//
// Complexity: O(1) beside the inner call and the callback. Threads: as the
// inner allocator, the callback and `Counter` allow; the cap holds at every
// instant.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "allocator.hpp"
#include "counter.hpp"

namespace mote {

template <class A, class Counter = AtomicCounter>
  requires Allocator<A>
class Limited {
 public:
  // Whether something was freed that may make room for `needed_bytes`.
  using Callback = bool (*)(void* context, size_t needed_bytes);

  explicit constexpr Limited(size_t live_bytes_max, Callback callback = nullptr,
                             void* context = nullptr)
      : live_bytes_max_(live_bytes_max),
        callback_(callback),
        context_(context) {}
  constexpr Limited(Held<A> inner, size_t live_bytes_max,
                    Callback callback = nullptr, void* context = nullptr)
      : inner_(static_cast<A&&>(inner)),
        live_bytes_max_(live_bytes_max),
        callback_(callback),
        context_(context) {}
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;

  void* allocate(size_t size, size_t align) {
    return within_limit(size, [&] { return inner_.allocate(size, align); });
  }

  void free(void* ptr, size_t size, size_t align) {
    inner_.free(ptr, size, align);
    if (ptr) live_.add(-uint64_t{size});
  }

  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    if (!ptr) old_size = 0;
    void* moved = within_limit(size > old_size ? size - old_size : 0, [&] {
      return inner_.reallocate(ptr, old_size, align, size);
    });
    if (moved && size < old_size) live_.add(uint64_t{size} - old_size);
    return moved;
  }

  uint64_t live_bytes() const { return live_.load(); }

 private:
  // Counted before it is there, and taken back after it is gone: in between,
  // other threads see the higher number.
  template <class Action>
  void* within_limit(size_t more_bytes, Action action) {
    for (;;) {
      if (live_.add_within(more_bytes, live_bytes_max_)) {
        if (void* ptr = action()) return ptr;
        live_.add(-uint64_t{more_bytes});
      }
      if (!callback_ || !callback_(context_, more_bytes)) return nullptr;
    }
  }

  [[no_unique_address]] A inner_;
  Counter live_;
  size_t live_bytes_max_;
  Callback callback_;
  void* context_;
};

template <class A, class... Arguments>
Limited(A&, size_t, Arguments...) -> Limited<A&>;

}  // namespace mote
