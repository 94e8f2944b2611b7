// Compiled once as it is, which must work, and once with each of the misuses
// that check.cmake lists, which must not.
#include "arena.hpp"
#include "c_malloc.hpp"
#include "counting.hpp"
#include "failing.hpp"
#include "std_allocator.hpp"

namespace {

struct Plain {
  int number;
};
struct WithDestructor {
  WithDestructor() {}
  ~WithDestructor() {}
};
struct NoAllocator {
  void* allocate(size_t size);
};

#ifdef MOTE_OBJECT_WITH_DESTRUCTOR
using Object = WithDestructor;
#else
using Object = Plain;
#endif

#ifdef MOTE_NO_ALLOCATOR
using Inner = NoAllocator;
#else
using Inner = mote::CMalloc;
#endif

#ifndef MOTE_MIN_ALIGN
#define MOTE_MIN_ALIGN 1
#endif

}  // namespace

mote::Arena<mote::CMalloc, MOTE_MIN_ALIGN> arena;
Object* object = arena.try_make<Object>();
mote::Counting<Inner> counting;

#ifdef MOTE_COPY
mote::Counting copy(counting);
#endif
#ifdef MOTE_NO_RULE
mote::Failing failing(counting, 5);
#endif
#ifdef MOTE_STATE_BY_VALUE
mote::allocator<int, mote::Counting<mote::CMalloc>> allocator;
#endif
#ifdef MOTE_NO_REFERENCE
mote::allocator<int, mote::Counting<mote::CMalloc>&> allocator;
#endif
