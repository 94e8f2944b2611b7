#include "report.hpp"

#include <stdarg.h>
#include <stdio.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace mote {
namespace {

// The C++ library's and the allocator's own functions: not where a program
// asks for memory. A template's name has its result before it.
bool is_library_function(const std::string& function) {
  const size_t name_end = function.find_first_of("(<");
  const size_t space = function.rfind(' ', name_end);
  const bool has_result =
      space != std::string::npos && !function.starts_with("operator ");
  const std::string name = function.substr(has_result ? space + 1 : 0);
  return name.starts_with("std::") || name.starts_with("__gnu_cxx::") ||
         name.starts_with("operator new");
}

bool is_ours(const Frame& frame) { return frame.module == "libmote-trace.so"; }

// Of blocks from before the unwinder was there.
const std::vector<Frame> no_frames = {{.function = "(no stack)"}};

std::vector<Frame> frames_of(const Analysis& analysis, Symbols& symbols,
                             uint32_t node) {
  std::vector<Frame> frames;
  for (; node != 0; node = analysis.nodes[node].parent) {
    const Frame& frame = symbols.frame(analysis.nodes[node].address);
    if (!is_ours(frame)) frames.push_back(frame);
  }
  return frames.empty() ? no_frames : frames;
}

const Frame& call_site(const std::vector<Frame>& frames) {
  for (const Frame& frame : frames) {
    if (!is_library_function(frame.function)) return frame;
  }
  return frames.front();
}

void merge(Amount& into, const Amount& from) {
  into.bytes += from.bytes;
  into.blocks += from.blocks;
}

std::string formatted(const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

std::string grouped(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string duration(uint64_t ns) {
  if (ns < 1000)
    return formatted("%llu ns", static_cast<unsigned long long>(ns));
  const double value = static_cast<double>(ns);
  if (ns < 1'000'000) return formatted("%.4g us", value / 1e3);
  if (ns < 1'000'000'000) return formatted("%.4g ms", value / 1e6);
  return formatted("%.4g s", value / 1e9);
}

// A line of a table: a name, then numbers under each other.
std::string line(const std::string& name,
                 std::initializer_list<uint64_t> cells) {
  std::string text = formatted("  %-16s", name.c_str());
  for (const uint64_t cell : cells) {
    text += formatted(" %15s", grouped(cell).c_str());
  }
  return text + "\n";
}

std::string heads(const std::string& name,
                  std::initializer_list<const char*> cells) {
  std::string text = formatted("%-18s", name.c_str());
  for (const char* cell : cells) text += formatted(" %15s", cell);
  return text + "\n";
}

std::string phases(const Analysis& analysis) {
  std::string text =
      heads("", {"allocated", "blocks", "in use after", "blocks"});
  for (const Phase& phase : analysis.phases) {
    if (!phase.was_reached) continue;
    text +=
        line(phase.name, {phase.allocated.bytes, phase.allocated.blocks,
                          phase.in_use_after.bytes, phase.in_use_after.blocks});
  }
  return text;
}

std::string sizes(const Analysis& analysis) {
  std::string text = heads("By size", {"blocks", "bytes"});
  for (const Bar& bar : analysis.by_size) {
    if (bar.amount.blocks == 0) continue;
    const std::string name =
        bar.limit == 1 ? "0" : "up to " + grouped(bar.limit - 1);
    text += line(name, {bar.amount.blocks, bar.amount.bytes});
  }
  return text;
}

std::string lifetimes(const Analysis& analysis) {
  std::string text = heads("By lifetime", {"blocks", "bytes"});
  for (const Bar& bar : analysis.by_lifetime) {
    if (bar.amount.blocks == 0) continue;
    const std::string name = bar.limit == 0 ? "to the end"
                             : analysis.has_times()
                                 ? "below " + duration(bar.limit)
                                 : "below " + grouped(bar.limit) + " events";
    text += line(name, {bar.amount.blocks, bar.amount.bytes});
  }
  return text;
}

std::string call_sites(const Places& places, size_t rows_max) {
  std::string text = heads("By call site", {"blocks", "bytes"});
  for (size_t i = 0; i < places.call_sites.size() && i < rows_max; ++i) {
    const Place& place = places.call_sites[i];
    text +=
        formatted("  %32s %15s  %s\n", grouped(place.allocated.blocks).c_str(),
                  grouped(place.allocated.bytes).c_str(),
                  place.frames.at(0).text().c_str());
  }
  if (places.call_sites.size() > rows_max) {
    text += "  and " + grouped(places.call_sites.size() - rows_max) +
            " call sites more\n";
  }
  return text;
}

std::string leaks(const Places& places, size_t rows_max) {
  std::string text;
  for (size_t i = 0; i < places.leaks.size() && i < rows_max; ++i) {
    const Place& place = places.leaks[i];
    text += "  " + grouped(place.in_use.bytes) + " bytes in " +
            grouped(place.in_use.blocks) +
            (place.in_use.blocks == 1 ? " block\n" : " blocks\n");
    for (const Frame& frame : place.frames) {
      text += "      " + frame.text() + "\n";
    }
  }
  if (places.leaks.size() > rows_max) {
    text += "  and from " + grouped(places.leaks.size() - rows_max) +
            " stacks more\n";
  }
  return text;
}

nlohmann::json as_json(const Amount& amount) {
  return {{"bytes", amount.bytes}, {"blocks", amount.blocks}};
}

nlohmann::json as_json(const std::vector<Bar>& bars) {
  auto list = nlohmann::json::array();
  for (const Bar& bar : bars) {
    if (bar.amount.blocks == 0) continue;
    auto item = as_json(bar.amount);
    if (bar.limit != 0) item["below"] = bar.limit;
    list.push_back(item);
  }
  return list;
}

nlohmann::json as_json(const std::vector<Place>& places) {
  auto list = nlohmann::json::array();
  for (const Place& place : places) {
    auto stack = nlohmann::json::array();
    for (const Frame& frame : place.frames) stack.push_back(frame.text());
    list.push_back({{"stack", stack},
                    {"allocated", as_json(place.allocated)},
                    {"in_use", as_json(place.in_use)}});
  }
  return list;
}

}  // namespace

Places find_places(const Analysis& analysis, Symbols& symbols) {
  Places places;
  if (analysis.nodes.size() == 1) return places;  // no stacks were recorded
  std::map<uint64_t, Place> by_address;
  for (const CallSite& site : analysis.call_sites) {
    const auto frames = frames_of(analysis, symbols, site.stack);
    const Frame& frame = call_site(frames);
    Place& place = by_address[frame.address];
    if (place.frames.empty()) place.frames.push_back(frame);
    merge(place.allocated, site.allocated);
    merge(place.in_use, site.in_use);
    if (site.in_use.blocks > 0) {
      places.leaks.push_back({frames, site.allocated, site.in_use});
    }
  }
  for (auto& [address, place] : by_address) places.call_sites.push_back(place);
  std::stable_sort(places.call_sites.begin(), places.call_sites.end(),
                   [](const Place& a, const Place& b) {
                     return a.allocated.bytes > b.allocated.bytes;
                   });
  std::stable_sort(places.leaks.begin(), places.leaks.end(),
                   [](const Place& a, const Place& b) {
                     return a.in_use.bytes > b.in_use.bytes;
                   });
  return places;
}

std::string text_report(const Analysis& analysis, const Places& places,
                        size_t rows_max) {
  std::string text;
  for (const std::string& note : analysis.notes) text += note + "\n";
  if (!analysis.notes.empty()) text += "\n";
  text += formatted("%s allocations, %s reallocations, %s frees, %s refused",
                    grouped(analysis.allocation_count).c_str(),
                    grouped(analysis.reallocation_count).c_str(),
                    grouped(analysis.free_count).c_str(),
                    grouped(analysis.refusal_count).c_str());
  if (analysis.thread_count > 1) {
    text += ", by " + grouped(analysis.thread_count) + " threads";
  }
  if (analysis.has_times()) text += ", in " + duration(analysis.duration_ns);
  text += "\n";
  if (analysis.unknown_free_count > 0) {
    text += "freed that are not in the trace: " +
            grouped(analysis.unknown_free_count) + "\n";
  }
  text +=
      "\n" + heads("", {"bytes", "blocks"}) +
      line("allocated", {analysis.allocated.bytes, analysis.allocated.blocks}) +
      line("most at a time", {analysis.peak.bytes, analysis.peak.blocks}) +
      line("in use at the end",
           {analysis.in_use.bytes, analysis.in_use.blocks}) +
      "\n" + phases(analysis) + "\n" + sizes(analysis) + "\n" +
      lifetimes(analysis);
  if (!places.call_sites.empty()) {
    text += "\n" + call_sites(places, rows_max);
  }
  if (!places.leaks.empty()) {
    text += "\nIn use at the end\n" + leaks(places, rows_max);
  }
  return text;
}

nlohmann::json json_report(const Analysis& analysis, const Places& places) {
  auto phases = nlohmann::json::array();
  for (const Phase& phase : analysis.phases) {
    if (!phase.was_reached) continue;
    phases.push_back({{"name", phase.name},
                      {"allocated", as_json(phase.allocated)},
                      {"in_use_after", as_json(phase.in_use_after)}});
  }
  return {{"process", analysis.header.process_id},
          {"events", analysis.event_count},
          {"trace_bytes", analysis.length_bytes},
          {"duration_ns", analysis.duration_ns},
          {"threads", analysis.thread_count},
          {"allocations", analysis.allocation_count},
          {"reallocations", analysis.reallocation_count},
          {"frees", analysis.free_count},
          {"refused", analysis.refusal_count},
          {"unknown_frees", analysis.unknown_free_count},
          {"allocated", as_json(analysis.allocated)},
          {"peak", as_json(analysis.peak)},
          {"in_use", as_json(analysis.in_use)},
          {"phases", phases},
          {"by_size", as_json(analysis.by_size)},
          {"by_lifetime", as_json(analysis.by_lifetime)},
          {"lifetime_unit", analysis.has_times() ? "ns" : "events"},
          {"call_sites", as_json(places.call_sites)},
          {"leaks", as_json(places.leaks)},
          {"notes", analysis.notes}};
}

}  // namespace mote
