// A heap in an array of 256 KiB: how much of it is served in blocks of a size.
#include "native/static_array.hpp"

#include <stddef.h>

#include "hardened_heap.hpp"
#include "profile.hpp"
#include "threading.hpp"

namespace {
constinit mote::HeapFor<mote::profile, mote::StaticArray<size_t{256} << 10>,
                        mote::OneThread>
    heap;
}

extern "C" [[clang::export_name("served_bytes")]] size_t served_bytes(
    size_t size) {
  void** first = nullptr;
  size_t count = 0;
  while (auto** block = static_cast<void**>(heap.allocate(size))) {
    *block = first;
    first = reinterpret_cast<void**>(block);
    ++count;
  }
  while (first) {
    auto** next = static_cast<void**>(*first);
    heap.free(first);
    first = next;
  }
  return count * size;
}
