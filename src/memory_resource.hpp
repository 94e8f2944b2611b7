// `mote::memory_resource` for std::pmr, and std::pmr's resources as allocators
// for what is here.
//
//   mote::memory_resource resource(arena);
//   std::pmr::vector<std::pmr::string> words(&resource);
//
//   mote::ResourceAllocator upstream;      // std::pmr's default resource
//   mote::Fallback fallback(arena, upstream);
//   mote::memory_resource resource(fallback);
//
// Errors: std::bad_alloc; where exceptions are off, the program aborts.
// Complexity and threads: those of what is below. Needs the C++ library.
#pragma once

#include <stddef.h>

#include <memory_resource>
#include <new>
#include <type_traits>

#include "allocator.hpp"
#include "std_allocator.hpp"

namespace mote {

// Over an allocator that it refers to, or has. Two are equal, so that what one
// allocated the other may free, when they refer to the same allocator, or have
// one without state; where RTTI is off, each is equal to itself alone.
template <class A>
  requires Allocator<A>
class memory_resource final : public std::pmr::memory_resource {
 public:
  memory_resource() = default;
  explicit memory_resource(Held<A> inner) : inner_(static_cast<A&&>(inner)) {}
  memory_resource(const memory_resource&) = delete;
  memory_resource& operator=(const memory_resource&) = delete;

 private:
  void* do_allocate(size_t size, size_t align) override {
    return or_throw(inner_.allocate(size, align));
  }

  void do_deallocate(void* ptr, size_t size, size_t align) override {
    inner_.free(ptr, size, align);
  }

  bool do_is_equal(
      const std::pmr::memory_resource& other) const noexcept override {
    if (this == &other) return true;
#ifdef __cpp_rtti
    if (auto* same = dynamic_cast<const memory_resource*>(&other)) {
      if constexpr (std::is_reference_v<A>) return &inner_ == &same->inner_;
      return std::is_empty_v<A>;
    }
#endif
    return false;
  }

  [[no_unique_address]] A inner_;
};

template <class A>
memory_resource(A&) -> memory_resource<A&>;

// A resource of std::pmr as an allocator: an upstream for arenas, wrappers and
// fallbacks. Null when it throws std::bad_alloc; other exceptions pass.
class ResourceAllocator {
 public:
  ResourceAllocator() noexcept : resource_(std::pmr::get_default_resource()) {}
  explicit ResourceAllocator(std::pmr::memory_resource* resource) noexcept
      : resource_(resource) {}

  void* allocate(size_t size, size_t align) {
#ifdef __cpp_exceptions
    try {
      return resource_->allocate(size + !size, align);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
#else
    return resource_->allocate(size + !size, align);
#endif
  }

  void free(void* ptr, size_t size, size_t align) {
    if (ptr) resource_->deallocate(ptr, size + !size, align);
  }

  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    return reallocate_elsewhere(*this, ptr, old_size, align, size);
  }

 private:
  std::pmr::memory_resource* resource_;
};

static_assert(Allocator<ResourceAllocator>);

}  // namespace mote
