// Where a wasm thread keeps what the heap has for it: in a wasm global, of
// which each instance of the module has its own, null at first. A thread is an
// instance, so this needs no thread-local memory, and nobody to set that up: it
// works in any worker that instantiates the module over the shared memory.
#pragma once

namespace mote {
namespace {

class ThreadSlot {
 public:
  static void* get() { return own; }
  static void set(void* value) { own = value; }

 private:
  // To clang, wasm globals are address space 1 (since version 13).
  static inline void* __attribute__((address_space(1))) own;
};

}  // namespace
}  // namespace mote
