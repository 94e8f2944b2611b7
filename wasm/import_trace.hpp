// JavaScript as the sink of a trace: each event calls the import
//
//   mote.event(kind, old, address, size, alignment)
//
// `kind` is a TraceKind; `old` is what is freed or reallocated; address 0 means
// that memory was refused. The inspector's page gives this import to the
// modules that it runs (wasm/inspector). It must not call back into the
// allocator.
#pragma once

#include <stddef.h>

#include "trace_format.hpp"

extern "C" [[clang::import_module("mote"), clang::import_name("event")]]
void mote_import_event(int kind, size_t old, size_t address, size_t size,
                       size_t alignment);

namespace mote {

struct ImportTrace {
  static void note(const TraceRecord& record) {
    const bool is_free = record.kind == TraceKind::free;
    mote_import_event(
        static_cast<int>(record.kind),
        static_cast<size_t>(is_free ? record.address : record.old_address),
        is_free ? 0 : static_cast<size_t>(record.address),
        static_cast<size_t>(record.size),
        static_cast<size_t>(record.alignment()));
  }
};

}  // namespace mote
