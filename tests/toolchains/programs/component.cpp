// A component by hand: what wit-bindgen would write for component.wit. The host
// allocates its arguments by cabi_realloc (of nothing, an address that is no
// block), and the results are freed by the
// functions that it calls afterwards.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mote/inspect.h"

namespace {

struct String {
  const char* bytes;
  size_t size;
};

// Allocates before any export is called.
struct Greeting {
  char* text = static_cast<char*>(malloc(8));
  Greeting() { memcpy(text, "hello", 6); }
};
Greeting greeting;

String result;

}  // namespace

extern "C" {

[[clang::export_name("greet")]] String* greet(String* names, size_t count) {
  size_t size = strlen(greeting.text);
  for (size_t i = 0; i < count; ++i) size += 1 + names[i].size;
  char* text = static_cast<char*>(malloc(size));
  char* end = text + strlen(greeting.text);
  memcpy(text, greeting.text, strlen(greeting.text));
  for (size_t i = 0; i < count; ++i) {
    *end++ = ' ';
    memcpy(end, names[i].bytes, names[i].size);
    end += names[i].size;
    if (names[i].size) free(const_cast<char*>(names[i].bytes));
  }
  if (count) free(names);
  result = {text, size};
  return &result;
}

[[clang::export_name("cabi_post_greet")]] void post_greet(String* returned) {
  free(const_cast<char*>(returned->bytes));
}

[[clang::export_name("sum")]] uint64_t sum(uint64_t* numbers, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; ++i) total += numbers[i];
  if (count) free(numbers);
  return total;
}

[[clang::export_name("used")]] uint32_t used() {
  mote_statistics statistics;
  mote_stats(&statistics);
  return static_cast<uint32_t>(statistics.used_count);
}
}
