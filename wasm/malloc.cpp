// The one global heap of a module without a C library, and its names. Nothing
// here forces an export: what the linker is not told to export vanishes.
#include "malloc.hpp"
#include "heap.hpp"
#include "inspect.hpp"
#include "memory_grow.hpp"
#include "profile.hpp"

namespace {
constinit mote::Heap<mote::profile, mote::MemoryGrow> heap;
struct C : mote::Malloc<heap>, mote::Inspection<heap> {};
}  // namespace

#include "c_names.inc"
