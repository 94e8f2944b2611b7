// A table of cases as a native program:
//
//   cases          prints the kind and the name of each, with a tab between
//   cases NAME     does what the case does, and if it arrives at the end with
//                  the harm done, prints NOT_CAUGHT
#include <stdio.h>
#include <string.h>

#include "cases.hpp"

namespace {

constexpr size_t name_size_max = 64;

void write_name(char (&name)[name_size_max], const Event& event,
                const Size& size) {
  if (size.name == nullptr) {
    snprintf(name, sizeof name, "%s", event.name);
  } else {
    snprintf(name, sizeof name, "%s_%s", event.name, size.name);
  }
}

template <class Visitor>
void for_each_case(Visitor visit) {
  for (size_t i = 0; i < case_table.events.count; ++i) {
    for (size_t j = 0; j < case_table.sizes.count; ++j) {
      const Event& event = case_table.events.items[i];
      const Size& size = case_table.sizes.items[j];
      char name[name_size_max];
      write_name(name, event, size);
      visit(event, size, name);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    for_each_case([](const Event& event, const Size&, const char* name) {
      printf("%s\t%s\n", event.kind, name);
    });
    return 0;
  }
  const Event* event = nullptr;
  size_t size = 0;
  for_each_case(
      [&](const Event& each, const Size& each_size, const char* name) {
        if (strcmp(name, argv[1]) != 0) return;
        event = &each;
        size = each_size.bytes;
      });
  if (event == nullptr) {
    fprintf(stderr, "cases: no such case: %s\n", argv[1]);
    return 64;
  }
  // Nothing was allocated so far. A C library may do so for the line that it
  // prints here: as in any program, the misuse has not gone unnoticed when the
  // next allocation stops it.
  if (event->run(size) == Outcome::missed) {
    puts("NOT_CAUGHT");
    fflush(stdout);
  }
  return 0;
}
