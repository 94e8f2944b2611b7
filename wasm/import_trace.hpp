// JavaScript as the sink of a trace: each event calls the import `mote.trace`.
//
//   trace(kind, address, size, alignment, old_address)
//
// All are numbers; `kind` is a TraceKind. The host must not call back into the
// module's allocator.
#pragma once

#include <stddef.h>

#include "trace_format.hpp"

extern "C" [[clang::import_module("mote"), clang::import_name("trace")]]
void mote_import_trace(int kind, size_t address, size_t size, size_t alignment,
                       size_t old_address);

namespace mote {

struct ImportTrace {
  static void note(const TraceRecord& record) {
    mote_import_trace(static_cast<int>(record.kind),
                      static_cast<size_t>(record.address),
                      static_cast<size_t>(record.size),
                      static_cast<size_t>(record.alignment()),
                      static_cast<size_t>(record.old_address));
  }
};

}  // namespace mote
