#include "analysis.hpp"

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "trace_input.hpp"

namespace mote {
namespace {

struct Block {
  uint64_t size;
  uint64_t birth;
  uint32_t stack;
};

enum PhaseIndex : uint8_t { before_main, in_main, in_exit };

class Analyser {
 public:
  explicit Analyser(Analysis& result) : result_(result) {
    result_.phases = {Phase{.name = "before main", .was_reached = true},
                      Phase{.name = "main"}, Phase{.name = "exit"}};
    result_.nodes.resize(1);
  }

  void take(const TraceRecord& record) {
    result_.duration_ns = std::max(result_.duration_ns, record.time_ns);
    switch (record.kind) {
      case TraceKind::end:
        return;
      case TraceKind::allocate:
      case TraceKind::allocate_zeroed:
        begin_event(record);
        ++result_.allocation_count;
        allocate(record);
        return;
      case TraceKind::free:
        begin_event(record);
        ++result_.free_count;
        free(record.address);
        return;
      case TraceKind::reallocate:
        begin_event(record);
        ++result_.reallocation_count;
        if (record.address != 0 && record.old_address != 0) {
          free(record.old_address);
        }
        allocate(record);
        return;
      case TraceKind::thread:
        threads_.insert(record.thread);
        return;
      case TraceKind::mark:
        mark(record);
        return;
      case TraceKind::extended:
        extended(record);
    }
  }

  void finish() {
    end_phase();
    result_.in_use = in_use_;
    result_.thread_count = threads_.size();
    for (const auto& [address, block] : blocks_) {
      site(block.stack).in_use.add(block.size);
    }
    add_bar_of_the_living();
    for (const auto& [stack, site] : sites_) {
      result_.call_sites.push_back(site);
    }
    std::sort(result_.call_sites.begin(), result_.call_sites.end(),
              [](const CallSite& a, const CallSite& b) {
                return a.allocated.bytes != b.allocated.bytes
                           ? a.allocated.bytes > b.allocated.bytes
                           : a.stack < b.stack;
              });
  }

 private:
  Analysis& result_;
  std::unordered_map<uint64_t, Block> blocks_;
  std::unordered_map<uint32_t, CallSite> sites_;
  std::unordered_set<uint64_t> threads_;
  Amount in_use_;
  size_t phase_ = before_main;
  uint64_t now_ = 0;

  void begin_event(const TraceRecord& record) {
    ++result_.event_count;
    now_ = result_.has_times() ? record.time_ns : result_.event_count;
  }

  CallSite& site(uint32_t stack) {
    CallSite& site = sites_[stack];
    site.stack = stack;
    return site;
  }

  void allocate(const TraceRecord& record) {
    if (record.address == 0) {
      ++result_.refusal_count;
      return;
    }
    // The free of what was here before was not noted.
    if (blocks_.contains(record.address)) free(record.address);
    const auto stack = static_cast<uint32_t>(record.stack);
    blocks_[record.address] = {record.size, now_, stack};
    in_use_.add(record.size);
    result_.allocated.add(record.size);
    result_.phases[phase_].allocated.add(record.size);
    site(stack).allocated.add(record.size);
    // Powers of two; the first bar is for size 0.
    bar(result_.by_size, std::bit_width(record.size), [](size_t i) {
      return uint64_t{1} << i;
    }).add(record.size);
    if (in_use_.bytes > result_.peak.bytes) result_.peak = in_use_;
  }

  void free(uint64_t address) {
    const auto found = blocks_.find(address);
    if (found == blocks_.end()) {
      ++result_.unknown_free_count;
      return;
    }
    const Block block = found->second;
    blocks_.erase(found);
    in_use_.remove(block.size);
    // Powers of ten, from 1000 ns or 10 events.
    const uint64_t unit = result_.has_times() ? 1000 : 10;
    size_t index = 0;
    uint64_t limit = unit;
    for (; now_ - block.birth >= limit && index < 12; ++index) limit *= 10;
    bar(result_.by_lifetime, index, [=](size_t i) {
      uint64_t power = unit;
      while (i-- > 0) power *= 10;
      return power;
    }).add(block.size);
  }

  template <class Limit>
  static Amount& bar(std::vector<Bar>& bars, size_t index, Limit limit) {
    while (bars.size() <= index) bars.push_back({limit(bars.size()), {}});
    return bars[index].amount;
  }

  // Its limit is 0: they never ended.
  void add_bar_of_the_living() { result_.by_lifetime.push_back({0, in_use_}); }

  void end_phase() { result_.phases[phase_].in_use_after = in_use_; }

  void mark(const TraceRecord& record) {
    const bool begins_main = record.is(TraceMark::main_begins);
    if (begins_main || record.is(TraceMark::exit_begins)) {
      const size_t next = begins_main ? in_main : in_exit;
      if (next <= phase_) return;
      end_phase();
      phase_ = next;
      result_.phases[phase_].was_reached = true;
    }
    if (record.is(TraceMark::user) && record.text_length > 0) {
      result_.notes.emplace_back(record.text, record.text_length);
    }
  }

  void extended(const TraceRecord& record) {
    if (record.is(TraceExtension::stack_node)) {
      result_.nodes.push_back(
          {static_cast<uint32_t>(record.stack), record.address});
    } else if (record.is(TraceExtension::module)) {
      result_.modules.push_back({record.address,
                                 record.size,
                                 record.file_offset,
                                 {record.text, record.text_length}});
    }
  }
};

}  // namespace

Analysis analyse(const std::vector<uint8_t>& trace) {
  Analysis result;
  TraceDecoder decoder(trace.data(), trace.size());
  result.header = decoder.header();
  Analyser analyser(result);
  for (TraceRecord record; decoder.next(record);) analyser.take(record);
  analyser.finish();
  result.length_bytes =
      static_cast<uint64_t>(decoder.next_position() - trace.data());
  const std::string end = describe_end(decoder, trace.data());
  if (!end.empty()) result.notes.push_back(end);
  return result;
}

}  // namespace mote
