// The calls of mote.h about threads, over one heap; nothing where threads have
// nothing of their own.
#pragma once

namespace mote {

template <auto& heap>
struct ThreadCalls {
  static void thread_end() {
    if constexpr (has_threads<decltype(heap)>) heap.end_thread(false);
  }

  static void* thread() {
    if constexpr (has_threads<decltype(heap)>) {
      heap.free(heap.allocate(1));  // gives the thread a heap
      return heap.thread();
    } else {
      return nullptr;
    }
  }

  static void thread_abandon([[maybe_unused]] void* thread) {
    if constexpr (has_threads<decltype(heap)>)
      if (thread) heap.abandon(thread);
  }

 private:
  template <class AnyHeap>
  static constexpr bool has_threads =
      requires(AnyHeap any_heap) { any_heap.thread(); };
};

}  // namespace mote
