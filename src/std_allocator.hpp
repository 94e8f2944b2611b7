// `mote::allocator<T, A>`: what the standard collections take.
//
//   std::vector<int, mote::allocator<int>> numbers;     // on the global heap
//   std::list list({1, 2}, mote::allocator_over<int>(arena));  // in an arena
//
// `A` says how it is held: a reference refers to an allocator, which must
// outlive the collection; a type without state needs no object at all.
//
// A collection stays with its allocator: assignment, by copy or by move,
// changes the elements and not where they live, so that nothing depends on an
// arena that it was not made with. Elements then move one by one between
// allocators that differ. Swapping alone swaps the allocators too, because the
// standard leaves it undefined otherwise.
//
// Errors: std::bad_alloc, or std::bad_array_new_length for a count whose size
// cannot be said; where exceptions are off, the program aborts. Complexity and
// threads: those of A. Needs the C++ library, unlike the core.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <cstdlib>
#include <new>
#include <type_traits>

#include "allocator.hpp"
#include "global_heap.hpp"

namespace mote {

template <class Error>
[[noreturn]] void throw_or_abort() {
#ifdef __cpp_exceptions
  throw Error();
#else
  std::abort();
#endif
}

// The same pointer, if it is one: makes of a call that is refused by null one
// that throws std::bad_alloc.
//   Node* node = mote::or_throw(arena.try_make<Node>(1, 2));
template <class T>
T* or_throw(T* ptr) {
  if (!ptr) throw_or_abort<std::bad_alloc>();
  return ptr;
}

// How a copyable object holds an allocator: nothing of one without state, a
// pointer for a reference.
template <class A>
struct Handle {
  static_assert(std::is_empty_v<A>,
                "copies of an allocator share its state: refer to it");
  A get() const { return A(); }
  bool operator==(const Handle&) const = default;
};
template <class A>
struct Handle<A&> {
  A* ptr;
  A& get() const { return *ptr; }
  bool operator==(const Handle&) const = default;
};

template <class T, class A = GlobalHeap>
  requires Allocator<A>
class allocator {
 public:
  using value_type = T;
  using is_always_equal = std::is_empty<Handle<A>>;
  using propagate_on_container_copy_assignment = std::false_type;
  using propagate_on_container_move_assignment = is_always_equal;
  using propagate_on_container_swap = std::true_type;

  constexpr allocator() noexcept
    requires(!std::is_reference_v<A>)
  = default;
  explicit constexpr allocator(A inner) noexcept
    requires(std::is_reference_v<A>)
      : inner_{&inner} {}
  template <class U>
  constexpr allocator(const allocator<U, A>& other) noexcept
      : inner_(other.inner_) {}

  // Room for `count` objects of T, at their alignment.
  [[nodiscard]] T* allocate(size_t count) {
    if (count > SIZE_MAX / sizeof(T))
      throw_or_abort<std::bad_array_new_length>();
    return static_cast<T*>(
        or_throw(inner_.get().allocate(count * sizeof(T), alignof(T))));
  }

  // The count is that of the allocation.
  void deallocate(T* ptr, size_t count) noexcept {
    inner_.get().free(ptr, count * sizeof(T), alignof(T));
  }

  // Whether what one allocates the other may free: they refer to the same.
  template <class U>
  constexpr bool operator==(const allocator<U, A>& other) const noexcept {
    return inner_ == other.inner_;
  }

 private:
  template <class U, class B>
    requires Allocator<B>
  friend class allocator;

  [[no_unique_address]] Handle<A> inner_;
};

template <class T, class A>
allocator<T, A&> allocator_over(A& inner) {
  return allocator<T, A&>(inner);
}

}  // namespace mote
