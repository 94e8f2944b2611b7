#include "map_page.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "own_folder.hpp"
#include "trace_input.hpp"

namespace mote {
namespace {

// As the inspector's build (wasm/inspector/build bundle) leaves it, and as it
// is installed.
std::string template_page() {
  for (const char* place : {MOTE_DATA_FOLDER, "../inspector"}) {
    std::ifstream file(own_folder() / place / "inspector.html",
                       std::ios::binary);
    if (file) return {std::istreambuf_iterator<char>(file), {}};
  }
  throw Failure("the inspector is not there; bash wasm/inspector/build bundle");
}

std::string base64(const std::vector<uint8_t>& bytes) {
  constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t three = 0;
    for (size_t k = 0; k < 3; ++k) {
      three = three << 8 | (k < count ? bytes[i + k] : 0);
    }
    for (size_t k = 0; k < 4; ++k) {
      text += k <= count ? digits[three >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

std::string attribute(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    const bool is_special = letter == '&' || letter == '"' || letter == '<';
    result += is_special ? "&#" + std::to_string(static_cast<int>(letter)) + ";"
                         : std::string(1, letter);
  }
  return result;
}

}  // namespace

std::string map_page(const std::vector<uint8_t>& trace,
                     const std::string& title) {
  std::string page = template_page();
  const std::string place = "<!-- trace -->";
  const size_t at = page.find(place);
  if (at == std::string::npos) {
    throw Failure("the inspector's page has no place for a trace");
  }
  page.replace(at, place.size(),
               "<script type=\"application/octet-stream;base64\" id=\"trace\" "
               "data-name=\"" +
                   attribute(title) + "\">" + base64(trace) + "</script>");
  return page;
}

}  // namespace mote
