// A trace file as the tools read it.
#pragma once

#include <stdint.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "trace_format.hpp"

namespace mote {

// What is wrong, for the user, without a stack of causes.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The bytes of a trace, uncompressed if it is an .xz file; "-" is standard
// input. A Failure when it cannot be read or is no trace of this version.
std::vector<uint8_t> read_trace(const std::string& path);

// Nothing if the trace is whole, else what is wrong with its end.
std::string describe_end(const TraceDecoder& decoder, const uint8_t* trace);

}  // namespace mote
