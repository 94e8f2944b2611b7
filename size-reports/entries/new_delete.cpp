// C++ as it uses an allocator: new and delete of one object, of an array, and
// of an object that wants more alignment than blocks have.
#include <stddef.h>

namespace {
struct Node {
  Node* next;
  int value;
};
struct alignas(64) Line {
  char bytes[64];
};
}  // namespace

extern "C" {
void* make_node(int value) { return new Node{nullptr, value}; }
void drop_node(void* node) { delete static_cast<Node*>(node); }
void* make_numbers(size_t count) { return new int[count]; }
void drop_numbers(void* numbers) { delete[] static_cast<int*>(numbers); }
void* make_line() { return new Line; }
void drop_line(void* line) { delete static_cast<Line*>(line); }
}
