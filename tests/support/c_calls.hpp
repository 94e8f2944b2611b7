// The C library's calls and those of mote.h as one heap that the model can hold
// to its rules: each operation is served by one of the calls that can do it,
// chosen by its numbers, so that a program that is shrunk still makes the same
// calls.
//
// `Api` has the calls under the names of malloc.hpp, all static.
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "bits.hpp"
#include "malloc.hpp"
#include "native/errno.hpp"
#include "split_mix.hpp"

namespace mote {

// The names as c_names.inc has them, over a heap of a test's.
template <auto& heap>
struct Rules : Malloc<heap, Errno> {
  using C = Malloc<heap, Errno>;
  static void free_sized(void* ptr, size_t size) {
    C::free_sized(ptr, size, untold);
  }
  static void free_aligned_sized(void* ptr, size_t align, size_t size) {
    C::free_sized(ptr, size, align);
  }
  static void mote_free_sized(void* ptr, size_t size, size_t align) {
    C::free_sized(ptr, size, align);
  }
  static size_t usable_size(const void* ptr) {
    return C::malloc_usable_size(ptr);
  }
};

template <class Api>
class CCalls {
 public:
  explicit CCalls(size_t alignment) : alignment_(alignment) {
    errno = kept_errno;
  }

  void* allocate(size_t size, size_t align) {
    switch (choose(size, align, align <= alignment_ ? 4 : 3)) {
      case 0:
        return Api::alloc(size, align <= alignment_ ? 0 : align);
      case 1:
        return expecting_errno(Api::aligned_alloc(align, size));
      case 2:
        return allocate_posix(size,
                              align < sizeof(void*) ? sizeof(void*) : align);
      default:
        return expecting_errno(Api::malloc(size));
    }
  }

  void* allocate_zeroed(size_t size, size_t align) {
    if (align > alignment_ || choose(size, align, 2) == 0)
      return Api::zalloc(size, align);
    // As a product whose factors are told apart.
    const size_t count = size % 7 == 0 ? 7 : 1;
    return expecting_errno(Api::calloc(count, size / count));
  }

  // What was aligned beyond the heap's own alignment stays so by mote.h only.
  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    if (align > alignment_ || choose(size, align, 2) == 0)
      return Api::realloc_sized(ptr, old_size, align, size);
    return expecting_errno(Api::realloc(ptr, size));
  }

  bool try_expand(void* ptr, size_t size) { return Api::try_expand(ptr, size); }

  void free(void* ptr, size_t size, size_t align) {
    switch (choose(size, align, 4)) {
      case 0:
        Api::free(ptr);
        break;
      case 1:
        Api::mote_free_sized(ptr, size, align);
        break;
      case 2:
        Api::free_aligned_sized(ptr, align, size);
        break;
      default:
        if (align > alignment_) {
          Api::free(ptr);
        } else {
          Api::free_sized(ptr, size);
        }
    }
    if (errno != kept_errno) problem_ = "free changed errno";
  }

  size_t usable_size(const void* ptr) {
    const size_t size = Api::usable_size(ptr);
    if (Api::malloc_usable_size(const_cast<void*>(ptr)) != size)
      problem_ = "two usable sizes";
    return size;
  }

  // What no call may serve: nothing comes of it, and nothing changes.
  const char* refuse_nonsense(size_t size) {
    void* untouched = this;
    const size_t huge = SIZE_MAX - size % 100'000;
    const bool refuses =
        !expecting_errno(Api::malloc(huge)) &&
        !expecting_errno(Api::calloc(huge / 2, 3)) &&
        !expecting_errno(Api::realloc(nullptr, huge)) &&
        !expecting_errno(Api::aligned_alloc(64, huge)) &&
        !Api::alloc(huge, 0) && !Api::alloc(size, 24) &&
        !Api::zalloc(huge, 64) && !Api::zalloc(size, 3) &&
        !Api::realloc_sized(nullptr, 0, 48, size) &&
        !Api::try_expand(nullptr, size) &&
        Api::posix_memalign(&untouched, 64, huge) == ENOMEM &&
        Api::posix_memalign(&untouched, 24, size) == EINVAL &&
        Api::posix_memalign(&untouched, sizeof(void*) / 2, size) == EINVAL &&
        untouched == this && errno == kept_errno;
    if (!refuses) return "nonsense was served";
    if (Api::aligned_alloc(3, size)) return "an alignment of 3 was served";
    const bool says_so = errno == EINVAL;
    errno = kept_errno;
    return says_so ? problem_ : "errno does not say EINVAL";
  }

  // What was wrong with any call up to now, or null.
  const char* problem() const { return problem_; }

 private:
  // No call sets this one.
  static constexpr int kept_errno = EDOM;

  size_t alignment_;
  const char* problem_ = nullptr;

  static unsigned choose(size_t size, size_t align, unsigned count) {
    return static_cast<unsigned>(split_mix(size * 64 + log2(align)) % count);
  }

  // Only a refusal may change errno.
  void* expecting_errno(void* result) {
    const int expected = result ? kept_errno : ENOMEM;
    if (errno != expected)
      problem_ = result ? "success changed errno" : "errno does not say ENOMEM";
    errno = kept_errno;
    return result;
  }

  void* allocate_posix(size_t size, size_t align) {
    void* result = nullptr;
    const int error = Api::posix_memalign(&result, align, size);
    if (error != 0 && error != ENOMEM) problem_ = "posix_memalign: error";
    if ((error == 0) != (result != nullptr))
      problem_ = "posix_memalign: result";
    if (errno != kept_errno) problem_ = "posix_memalign changed errno";
    return result;
  }
};

}  // namespace mote
