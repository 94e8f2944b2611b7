// A heap behind one lock: any thread may call it, one at a time. The smallest
// way to be thread-safe; for the paths without a lock see thread_slabs.hpp.
#pragma once

#include <stddef.h>

#include "use.hpp"

namespace mote {

template <class Unlocked, class AnyLock>
class LockedHeap {
 public:
  using Guard = typename AnyLock::Guard;

  // As those of Heap.

  void* allocate(size_t size) {
    Guard guard(lock_);
    return heap_.allocate(size);
  }
  void* allocate(size_t size, size_t align) {
    Guard guard(lock_);
    return heap_.allocate(size, align);
  }
  void* allocate_zeroed(size_t size, size_t align) {
    void* ptr = allocate(size, align);
    return ptr ? __builtin_memset(ptr, 0, size) : nullptr;
  }
  void free(void* ptr) {
    Guard guard(lock_);
    heap_.free(ptr);
  }
  void free(void* ptr, size_t size, size_t align) {
    Guard guard(lock_);
    heap_.free(ptr, size, align);
  }
  void* reallocate(void* ptr, size_t align, size_t size) {
    Guard guard(lock_);
    return heap_.reallocate(ptr, align, size);
  }
  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    Guard guard(lock_);
    return heap_.reallocate(ptr, old_size, align, size);
  }

  // As those of HardenedHeap.
  void* allocate(size_t size, size_t align, Use use)
    requires requires(Unlocked& heap) { heap.allocate(size, align, use); }
  {
    Guard guard(lock_);
    return heap_.allocate(size, align, use);
  }
  void free(void* ptr, size_t size, size_t align, Use use)
    requires requires(Unlocked& heap) { heap.free(ptr, size, align, use); }
  {
    Guard guard(lock_);
    heap_.free(ptr, size, align, use);
  }
  size_t usable_size(const void* ptr) {
    Guard guard(lock_);
    return heap_.usable_size(ptr);
  }
  bool try_expand(void* ptr, size_t size) {
    Guard guard(lock_);
    return heap_.try_expand(ptr, size);
  }
  static size_t product(size_t count, size_t size)
    requires requires { Unlocked::product(count, size); }
  {
    return Unlocked::product(count, size);
  }
  size_t trim()
    requires requires(Unlocked& heap) { heap.trim(); }
  {
    Guard guard(lock_);
    return heap_.trim();
  }

  // For who walks it: the heap without its lock, and the lock.
  constexpr Unlocked& unlocked() { return heap_; }
  AnyLock& lock() { return lock_; }
  Guard guard() { return Guard(lock_); }

 private:
  Unlocked heap_;
  AnyLock lock_;
};

}  // namespace mote
