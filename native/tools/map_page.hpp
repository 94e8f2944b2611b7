// The picture of a trace, as one page that needs nothing else: the inspector
// (wasm/inspector) with the trace in it.
#pragma once

#include <stdint.h>

#include <string>
#include <vector>

namespace mote {

// A Failure when the inspector's page is not installed.
std::string map_page(const std::vector<uint8_t>& trace,
                     const std::string& title);

}  // namespace mote
