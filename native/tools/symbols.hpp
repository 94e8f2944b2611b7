// Names for the addresses of a trace, from the program's files as they are now,
// by elfutils' libdwfl: functions from the symbol tables, lines from debug
// information where there is some.
#pragma once

#include <stdint.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "analysis.hpp"

namespace mote {

struct Frame {
  std::string function = {};  // demangled, empty when unknown
  std::string source = {};    // file:line, empty when unknown
  std::string module = {};    // the file's name, without its folder
  uint64_t address = 0;

  // "function at file:line", as far as it is known.
  std::string text() const;
};

class Symbols {
 public:
  explicit Symbols(const std::vector<Module>& modules);
  ~Symbols();
  Symbols(const Symbols&) = delete;
  Symbols& operator=(const Symbols&) = delete;

  // The frame that a return address leads back to. Looked up once.
  const Frame& frame(uint64_t return_address);

 private:
  struct Files;
  std::unique_ptr<Files> files_;
  std::unordered_map<uint64_t, Frame> frames_;
};

}  // namespace mote
