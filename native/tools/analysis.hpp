// What a trace says about its program's use of memory. One pass, O(events),
// memory for the blocks that live at a time.
#pragma once

#include <stdint.h>

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "trace_format.hpp"

namespace mote {

struct Amount {
  uint64_t bytes = 0;
  uint64_t blocks = 0;

  void add(uint64_t size) { bytes += size, ++blocks; }
  void remove(uint64_t size) { bytes -= size, --blocks; }
};

// A part of the process's life. A reallocation counts as an allocation of the
// new size.
struct Phase {
  const char* name;
  Amount allocated = {};
  Amount in_use_after = {};
  bool was_reached = false;
};

// One bar of a histogram, up to `limit` and not including it.
struct Bar {
  uint64_t limit = 0;
  Amount amount;
};

// What happened at one stack node.
struct CallSite {
  uint32_t stack = 0;
  Amount allocated;
  Amount in_use;  // at the end
};

struct StackNode {
  uint32_t parent = 0;
  uint64_t address = 0;
};

struct Module {
  uint64_t begin = 0;
  uint64_t size = 0;
  uint64_t file_offset = 0;
  std::string path;
};

struct Analysis {
  TraceHeader header;
  uint64_t event_count = 0;
  uint64_t length_bytes = 0;  // of the trace
  uint64_t duration_ns = 0;
  uint64_t allocation_count = 0;
  uint64_t reallocation_count = 0;
  uint64_t free_count = 0;
  uint64_t refusal_count = 0;
  // Blocks from before the trace (in a fork's child) or that were not noted.
  uint64_t unknown_free_count = 0;
  uint64_t thread_count = 0;

  Amount allocated;
  Amount in_use;  // at the end
  Amount peak;    // the bytes, and the blocks at that moment
  std::array<Phase, 3> phases;
  std::vector<Bar> by_size;      // limits in bytes
  std::vector<Bar> by_lifetime;  // limits in ns, or in events without times
  std::vector<CallSite> call_sites;
  std::vector<StackNode> nodes;  // by index; the first stands for none
  std::vector<Module> modules;
  std::vector<std::string> notes;  // what the user should know

  bool has_times() const { return header.start_ns != 0; }
};

// `trace` begins with a good header. What is wrong at its end is in the notes.
Analysis analyse(const std::vector<uint8_t>& trace);

}  // namespace mote
