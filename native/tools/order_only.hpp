// A trace without what differs from run to run, for keeping: no times, threads,
// stacks, marks; the addresses become numbers of blocks, from 1 and in
// multiples of 16, used again when the block is freed (the last first). What is
// left are the calls in their order, in two to four bytes an event, which xz
// takes to a tenth. A block's number says nothing about where it was.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <vector>

namespace mote {

inline constexpr uint64_t block_name_step = 16;

// The first `event_max` events of `trace`, which begins with a good header.
// Frees of blocks that are not in the trace and requests that were refused are
// left out.
std::vector<uint8_t> order_only(const std::vector<uint8_t>& trace,
                                size_t event_max);

}  // namespace mote
