// mote as the malloc of a program on bare metal: the one heap is an array of
// MOTE_HEAP_BYTES bytes in .bss, which the start code must have cleared. There
// are no threads, and no interrupt handler may call it.
//
// Beside it the program compiles wasm/trap.cpp, or functions of its own for
// what check.hpp names, and wasm/operator_new.cpp where it is C++.
#include <stddef.h>

#include "hardened_heap.hpp"
#include "inspect.hpp"
#include "malloc.hpp"
#include "profile.hpp"
#include "static_array.hpp"
#include "threading.hpp"

#ifndef MOTE_HEAP_BYTES
#error "mote: -DMOTE_HEAP_BYTES=N says how large the heap is"
#endif

namespace {

constinit mote::HeapFor<mote::profile, mote::StaticArray<MOTE_HEAP_BYTES>,
                        mote::OneThread>
    heap;
struct C : mote::Malloc<heap>, mote::Inspection<heap> {};

}  // namespace

#include "c_names.inc"
