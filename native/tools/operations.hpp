// A trace made ready for a replay: what was asked, on numbered blocks, with no
// look-ups left to do.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <vector>

#include "trace_format.hpp"

namespace mote {

// As replay.mjs reads it too.
struct Operation {
  uint32_t block;
  TraceKind kind;       // allocate, free, reallocate
  uint8_t align_bits;   // log2 of the alignment asked for, 0 for none
  uint16_t unused = 0;  // names what would be padding
  uint64_t size;        // 0 for a free
};
static_assert(sizeof(Operation) == 16);

struct OperationsSummary {
  uint64_t operation_count = 0;
  uint64_t peak_live_bytes = 0;  // of the sizes asked for
  uint32_t block_count = 0;
};

struct Operations {
  std::vector<Operation> list;
  OperationsSummary summary;
};

// Blocks that are not in the trace and requests that were refused are left out;
// what is in use at the end stays. Sizes are multiplied by `scale` and rounded
// up: 0.5 takes a 64-bit program's pointers to those of wasm32.
Operations make_operations(const std::vector<uint8_t>& trace, double scale);

}  // namespace mote
