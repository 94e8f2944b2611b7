// The cases of malloc, realloc and free: 37 events, each small, medium and
// large.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cases.hpp"

namespace {

constexpr size_t size_max = 256 * 1024;
constexpr ptrdiff_t mebibyte = 1024 * 1024;
constexpr size_t long_traffic = 256 * 1024;  // allocations

char* allocate(size_t size) {
  return opaque(static_cast<char*>(malloc(opaque(size))));
}

void release(char* ptr) { free(opaque(ptr)); }

void fill(char* ptr, size_t size) { memset(opaque(ptr), 'A', size); }

// Always another value, whatever was there.
void change(char* ptr) { *opaque(ptr) ^= 'A'; }

bool is_zero(const char* ptr, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (opaque(ptr)[i] != 0) return false;
  }
  return true;
}

Outcome missed_if(bool harm_is_done) {
  return harm_is_done ? Outcome::missed : Outcome::refused;
}

// What is done with two blocks: P and Q allocate one, p and q free it, w writes
// all of P's.
struct Steps {
  char text[8] = {};
  template <size_t length>
  constexpr Steps(const char (&steps)[length]) {
    for (size_t i = 0; i < length; ++i) text[i] = steps[i];
  }
};

void take(const Steps& steps, char* (&blocks)[2], size_t size) {
  for (const char* step = steps.text; *step != '\0'; ++step) {
    switch (*step) {
      case 'P':
        blocks[0] = allocate(size);
        break;
      case 'Q':
        blocks[1] = allocate(size);
        break;
      case 'p':
        release(blocks[0]);
        break;
      case 'q':
        release(blocks[1]);
        break;
      case 'w':
        fill(blocks[0], size);
        break;
    }
  }
}

// Between the steps, other blocks of the size come and go, one at a time.
template <Steps steps, size_t traffic = 0, Steps late_steps = "">
Outcome in_steps(size_t size) {
  char* blocks[2];
  take(steps, blocks, size);
  for (size_t i = 0; i < traffic; ++i) release(allocate(size));
  take(late_steps, blocks, size);
  return Outcome::missed;
}

template <ptrdiff_t distance>
Outcome write_before(size_t size) {
  char* ptr = allocate(size);
  change(ptr - distance);
  release(ptr);
  return Outcome::missed;
}

template <ptrdiff_t distance>
Outcome write_behind(size_t size) {
  char* ptr = allocate(size);
  change(ptr + size - 1 + distance);
  release(ptr);
  return Outcome::missed;
}

char zeros[size_max + mebibyte];

// The block is not freed: only what copies, or the next who allocates, could
// notice.
template <ptrdiff_t bytes_before, ptrdiff_t bytes_behind>
Outcome copy_over(size_t size) {
  char* ptr = allocate(size);
  memcpy(opaque(ptr - bytes_before), opaque(&zeros[0]), size + bytes_behind);
  return Outcome::missed;
}

template <ptrdiff_t offset>
Outcome free_at(size_t size) {
  release(allocate(size) + offset);
  return Outcome::missed;
}

Outcome free_low_address(size_t) {
  release(reinterpret_cast<char*>(opaque<uintptr_t>(1)));
  return Outcome::missed;
}

Outcome free_array(size_t size) {
  alignas(16) char array[size_max];
  release(array + size_max - size);
  return Outcome::missed;
}

Outcome free_stack_block(size_t size) {
  release(static_cast<char*>(__builtin_alloca(size)));
  return Outcome::missed;
}

enum class Access { read, write };

// Null is as good as a block that no one may touch.
template <Access access, bool is_freed>
Outcome touch_no_bytes(size_t) {
  char* ptr = allocate(0);
  if (ptr == nullptr) return Outcome::refused;
  if constexpr (access == Access::read) {
    opaque(static_cast<int>(*ptr));
  } else {
    *ptr = 'A';
  }
  opaque(ptr);  // now, not after it was freed
  if constexpr (is_freed) release(ptr);
  return Outcome::missed;
}

template <size_t divisor>
Outcome reuse(size_t size) {
  char* ptr = allocate(size);
  release(ptr);
  return missed_if(allocate(size / divisor) == opaque(ptr));
}

// As the published case has it, which looks at the pointer that it passed, not
// at the one it got: only an allocator that stops a program for growing a block
// catches it. README.md says more.
Outcome grow(size_t) {
  char* ptr = allocate(8);
  char* same = opaque(ptr);
  opaque(realloc(opaque(ptr), 1024));
  return missed_if(ptr == same);
}

Outcome look_at_freed(size_t size) {
  char* ptr = allocate(size);
  fill(ptr, size);
  release(ptr);
  return missed_if(!is_zero(ptr, size));
}

// Many, so that what was never used does not come next; as far as 128 MiB go,
// for an engine takes a millisecond each time that a memory grows.
Outcome look_at_allocated(size_t size) {
  constexpr size_t count_max = 4096;
  static char* blocks[count_max];
  const size_t count = size == size_max ? 512 : count_max;
  for (size_t i = 0; i < count; ++i) {
    blocks[i] = allocate(size);
    fill(blocks[i], size);
  }
  for (size_t i = 0; i < count; ++i) release(blocks[i]);
  return missed_if(!is_zero(allocate(size), size));
}

Outcome ask_for_too_much(size_t) {
  return missed_if(allocate(SIZE_MAX - 1) != nullptr);
}

// A function that only returns. A module of wasm has no way to call it: there
// the address is a place in a table that has fewer.
#if defined(__x86_64__) || defined(__i386__)
constexpr unsigned char machine_code[] = {0xc3, 0, 0, 0};
#elif defined(__aarch64__)
constexpr unsigned char machine_code[] = {0xc0, 0x03, 0x5f, 0xd6};
#elif defined(__wasm__)
constexpr unsigned char machine_code[] = {0x0b, 0, 0, 0};
#else
#error "which machine code is a return?"
#endif

Outcome call_block(size_t size) {
  char* ptr = allocate(size);
  memcpy(ptr, machine_code, sizeof machine_code);
  reinterpret_cast<void (*)()>(opaque(ptr))();
  return Outcome::missed;
}

// All of it as the rules allow.
Outcome break_no_rule(size_t size) {
  char* blocks[64];
  for (int round = 0; round < 16; ++round) {
    for (char*& block : blocks) {
      block = allocate(size);
      fill(block, size);
    }
    for (char*& block : blocks) {
      block = opaque(static_cast<char*>(realloc(block, 2 * size)));
      fill(block, 2 * size);
    }
    for (char* block : blocks) release(block);
    char* zeroed = opaque(static_cast<char*>(calloc(2, size)));
    if (!is_zero(zeroed, 2 * size)) return Outcome::refused;
    fill(zeroed, 2 * size);
    release(zeroed);
    release(allocate(0));
    release(nullptr);
  }
  return Outcome::missed;
}

constexpr Event events[] = {
    {"double free", "double_free", in_steps<"Ppp">},
    {"double free", "double_free_delayed", in_steps<"Pp", 1024, "p">},
    {"double free", "double_free_interleaved", in_steps<"PQpqp">},
    {"double free", "double_free_reuse", in_steps<"Ppp", long_traffic>},
    {"double free", "double_free_single_reuse", in_steps<"PpQpq">},

    {"invalid free", "invalid_free", free_low_address},
    {"invalid free", "invalid_free_alloca", free_stack_block},
    {"invalid free", "invalid_free_stack", free_array},
    {"invalid free", "invalid_free_unaligned", free_at<1>},
    {"invalid free", "invalid_free_unaligned_multiple", free_at<8>},
    {"invalid free", "invalid_free_close", free_at<4096>},
    {"invalid free", "invalid_free_far", free_at<1024 * mebibyte>},

    {"write behind a block", "one_byte_overflow", write_behind<1>},
    {"write behind a block", "32_byte_overflow", write_behind<32>},
    {"write behind a block", "one_mbyte_overflow", write_behind<mebibyte>},
    {"write before a block", "one_byte_underflow", write_before<1>},
    {"write before a block", "32_byte_underflow", write_before<32>},
    {"write before a block", "one_mbyte_underflow", write_before<mebibyte>},

    {"memcpy over an end", "one_byte_memcpy_overflow", copy_over<0, 1>},
    {"memcpy over an end", "32_byte_memcpy_overflow", copy_over<0, 32>},
    {"memcpy over an end", "one_mbyte_memcpy_overflow", copy_over<0, mebibyte>},
    {"memcpy over an end", "one_byte_memcpy_underflow", copy_over<1, 0>},
    {"memcpy over an end", "32_byte_memcpy_underflow", copy_over<32, 0>},
    {"memcpy over an end", "one_mbyte_memcpy_underflow",
     copy_over<mebibyte, 0>},

    {"write after free", "write_after_free", in_steps<"Ppw">},
    {"write after free", "write_after_free_reuse",
     in_steps<"Ppw", long_traffic>},

    {"reuse at once", "malloc_reuse", reuse<1>},
    {"reuse at once", "malloc_reuse_downsize", reuse<2>},
    {"reuse at once", "realloc_reuse", grow},

    {"old contents", "zero_after_free", look_at_freed},
    {"old contents", "zero_on_malloc", look_at_allocated},

    {"zero size", "read_zero_size", touch_no_bytes<Access::read, false>},
    {"zero size", "read_zero_size_free", touch_no_bytes<Access::read, true>},
    {"zero size", "write_zero_size", touch_no_bytes<Access::write, false>},
    {"zero size", "write_zero_size_free", touch_no_bytes<Access::write, true>},

    {"impossible size", "impossibly_large_malloc", ask_for_too_much},
    {"code in a block", "executable_heap", call_block},

    {control_kind, "control", break_no_rule},
};

constexpr Size sizes[] = {{"small", 8}, {"medium", 4096}, {"large", size_max}};

}  // namespace

const CaseTable case_table = {{events, sizeof events / sizeof events[0]},
                              {sizes, sizeof sizes / sizeof sizes[0]}};
