// The cases that an allocator is tried on: what a program does wrong, with a
// block of each of three sizes. README.md here says what each does, and what
// counts as caught.
//
// The two tables, of C's malloc and of C++'s operators, are for programs of
// their own: the C++ library allocates before main, which would decide what
// lies around the blocks of the first table.
#pragma once

#include <stddef.h>

// What a case that was not stopped tells: the harm is done, or was refused.
enum class Outcome { refused, missed };

struct Event {
  const char* kind;  // the row of the short table
  const char* name;
  Outcome (*run)(size_t size);
};

struct Size {
  const char* name;  // after the event's name and `_`; null: the event's alone
  size_t bytes;
};

// A table of cases is each of its events with each of its sizes. Events of this
// kind break no rule and must not be stopped.
inline constexpr const char* control_kind = "control";

template <class T>
struct List {
  const T* items;
  size_t count;
};
struct CaseTable {
  List<Event> events;
  List<Size> sizes;
};
extern const CaseTable case_table;

// The compiler must take what comes from here for any value, and all memory for
// used: what it knows of malloc and free would change what the cases do.
template <class T>
T opaque(T value) {
  __asm__ volatile("" : "+r"(value) : : "memory");
  return value;
}
