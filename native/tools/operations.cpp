#include "operations.hpp"

#include <algorithm>
#include <cmath>

#include "order_only.hpp"

namespace mote {
namespace {

// The order-only trace has all that is asked for here: its addresses are the
// numbers of blocks.
uint32_t block_of(uint64_t address) {
  return static_cast<uint32_t>(address / block_name_step - 1);
}

}  // namespace

Operations make_operations(const std::vector<uint8_t>& trace, double scale) {
  const std::vector<uint8_t> ordered = order_only(trace, SIZE_MAX);
  TraceDecoder decoder(ordered.data(), ordered.size());
  Operations operations;
  std::vector<Operation> live;  // what each block was asked for last
  uint64_t live_bytes = 0;
  for (TraceRecord record; decoder.next(record);) {
    Operation operation = {
        .block = block_of(record.address),
        .kind = record.kind == TraceKind::allocate_zeroed ? TraceKind::allocate
                                                          : record.kind,
        .align_bits = record.argument,
        .size = static_cast<uint64_t>(
            std::ceil(static_cast<double>(record.size) * scale))};
    if (operation.block >= live.size()) live.resize(operation.block + 1);
    Operation& before = live[operation.block];
    if (operation.kind != TraceKind::allocate) {
      operation.align_bits = before.align_bits;
      live_bytes -= before.size;
    }
    live_bytes += operation.size;
    before = operation;
    uint64_t& peak = operations.summary.peak_live_bytes;
    peak = std::max(peak, live_bytes);
    operations.list.push_back(operation);
  }
  operations.summary.operation_count = operations.list.size();
  operations.summary.block_count = static_cast<uint32_t>(live.size());
  return operations;
}

}  // namespace mote
