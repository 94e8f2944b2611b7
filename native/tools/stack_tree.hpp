// The stacks of a trace as a tree of return addresses: a stack is the index of
// its innermost node. A hash table of the pairs (parent, address), in memory of
// its own: this runs inside malloc.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

namespace mote {

class StackTree {
 public:
  // The node below `parent` with this return address, 0 when there is no memory
  // for it. O(1). `add(index)` is called when it is a new one.
  template <class Add>
  uint32_t child(uint32_t parent, uint64_t address, Add add) {
    if (node_count_ * 2 >= capacity_ && !grow()) return 0;
    Node& node = find(nodes_, capacity_, parent, address);
    if (node.index == 0) {
      node = {address, parent, ++node_count_};
      add(node.index);
    }
    return node.index;
  }

  // Forgets all. In a fork's child too, whose copy this is.
  void clear() {
    if (nodes_ != nullptr) munmap(nodes_, capacity_ * sizeof(Node));
    *this = StackTree();
  }

 private:
  struct Node {
    uint64_t address;
    uint32_t parent;
    uint32_t index;  // 0: nothing is here
  };

  Node* nodes_ = nullptr;
  size_t capacity_ = 0;  // a power of two
  uint32_t node_count_ = 0;

  static constexpr size_t first_capacity = 1 << 14;

  // Linear probing from a multiplicative hash (Knuth, TAOCP 3, 6.4).
  static Node& find(Node* nodes, size_t capacity, uint32_t parent,
                    uint64_t address) {
    const uint64_t hash =
        (address + parent * 0x9E3779B97F4A7C15u) * 0x9E3779B97F4A7C15u;
    for (size_t i = hash >> 32;; ++i) {
      Node& node = nodes[i & (capacity - 1)];
      if (node.index == 0) return node;
      if (node.address == address && node.parent == parent) return node;
    }
  }

  bool grow() {
    const size_t capacity = capacity_ == 0 ? first_capacity : capacity_ * 2;
    if (capacity > size_t{1} << 32) return false;  // what an index can count
    void* const memory =
        mmap(nullptr, capacity * sizeof(Node), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    auto* const nodes = static_cast<Node*>(memory);
    for (size_t i = 0; i < capacity_; ++i) {
      const Node& node = nodes_[i];
      if (node.index != 0) {
        find(nodes, capacity, node.parent, node.address) = node;
      }
    }
    if (nodes_ != nullptr) munmap(nodes_, capacity_ * sizeof(Node));
    nodes_ = nodes;
    capacity_ = capacity;
    return true;
  }
};

}  // namespace mote
