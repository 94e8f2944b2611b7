#include "map_page.hpp"

#include "trace_input.hpp"

namespace mote {

std::string map_page(const std::vector<uint8_t>&, const std::string&) {
  throw Failure("the inspector's page is not installed");
}

}  // namespace mote
