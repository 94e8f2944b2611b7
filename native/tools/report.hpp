// What mote-trace prints about a trace: as text for people, as JSON for
// programs, and as a page.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "analysis.hpp"
#include "symbols.hpp"

namespace mote {

// Amounts of one place in the program: the innermost frame that is not the
// C++ library's, or all of one stack.
struct Place {
  std::vector<Frame> frames;  // the innermost first
  Amount allocated;
  Amount in_use;  // at the end
};

// The places that allocated, the one with the most bytes first, by their
// innermost frame of the program; and the stacks whose blocks are still in use,
// the most bytes first.
struct Places {
  std::vector<Place> call_sites;
  std::vector<Place> leaks;
};

Places find_places(const Analysis& analysis, Symbols& symbols);

// `rows_max` bounds the tables of places.
std::string text_report(const Analysis& analysis, const Places& places,
                        size_t rows_max);

// Sizes in bytes, times in ns. Of the places all are given.
nlohmann::json json_report(const Analysis& analysis, const Places& places);

}  // namespace mote
