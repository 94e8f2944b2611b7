// A heap so small that everything that can happen to it within a few steps can
// be tried: every sequence of operations, from every state that was not seen
// before.
//
// All of a world is one object that is copied and put back byte by byte, so
// that the same addresses stand for the same state: heap, memory, the blocks
// that are live. Two states are the same when all of their bytes are.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "heap.hpp"
#include "page_source.hpp"
#include "split_mix.hpp"
#include "threading.hpp"
#include "verify.hpp"

namespace mote {

// Memory of a world: granted from low to high, `gap_bytes` lost after each
// grant, refused on request.
template <size_t memory_bytes, size_t page_bytes, size_t gap_bytes,
          bool releasing>
struct WorldPages {
  static constexpr bool is_near_zero = false;

  Span acquire(size_t size_bytes, const char* = nullptr) noexcept {
    const size_t pages = (size_bytes - 1) / page_bytes + 1;
    if (refuses || size_bytes > memory_bytes ||
        pages * page_bytes > memory_bytes - used)
      return {nullptr, 0};
    char* const begin = memory + used;
    used += pages * page_bytes;
    end = used;
    used += gap_bytes < memory_bytes - used ? gap_bytes : memory_bytes - used;
    return {begin, pages * page_bytes};
  }
  char* release(char* from) noexcept
    requires releasing
  {
    if (used != end) return memory + end;
    const size_t kept = static_cast<size_t>(from - memory);
    used = end = (kept + page_bytes - 1) / page_bytes * page_bytes;
    return memory + end;
  }

  bool refuses = false;
  size_t used = 0;
  size_t end = 0;  // of the last span
  alignas(1024) char memory[memory_bytes] = {};
};

// What a thread has of a heap, for worlds with two threads.
struct WorldSlots {
  static inline void** slots = nullptr;
  static inline size_t running = 0;
  static void* get() { return slots[running]; }
  static void set(void* value) { slots[running] = value; }
};
using WorldThreads = PerThread<NoLock, WorldSlots>;

template <Config config, class Source, class Threading = OneThread>
class SmallWorld {
  static constexpr bool is_shared = Threading::is_shared;
  static constexpr unsigned place_count = 3;
  static constexpr unsigned hoard_size = 7;  // a slab of the last class
  static constexpr size_t granule = config.alignment;
  static constexpr size_t sizes[] = {1, 2 * granule, 2 * granule + 1,
                                     12 * granule};

 public:
  // How many states were seen, and the first way to what is wrong, or "".
  struct Result {
    size_t state_count = 0;
    size_t step_count = 0;
    std::string problem;
  };

  // Every sequence of up to `depth` operations.
  static Result explore(unsigned depth) {
    static SmallWorld world;
    world.~SmallWorld();
    new (&world) SmallWorld;
    WorldSlots::slots = world.slots_;
    Search search(world);
    search.from_here(depth);
    return search.result;
  }

 private:
  enum class Kind : uint8_t {
    allocate,
    allocate_aligned,
    reallocate,
    expand,
    free,
    hoard,
    free_hoard,
    refuse,
    trim,
    switch_thread,
    end_thread,
  };
  struct Step {
    Kind kind;
    unsigned place;
    size_t size;
  };

  struct Block {
    unsigned char* ptr;
    size_t size;
    size_t align;
  };

  using Whole = Heap<config, Source, Threading>;
  Whole heap_;
  Block places_[place_count] = {};
  unsigned char* hoard_[hoard_size] = {};
  void* slots_[2] = {};
  size_t running_ = 0;

  // Depth first, with all the bytes kept at each level.
  struct Search {
    explicit Search(SmallWorld& own) : world(own) {}

    SmallWorld& world;
    Result result;
    std::vector<Step> path;
    // By the hash of a state: how many steps were tried from it.
    std::unordered_map<uint64_t, unsigned> seen;

    void from_here(unsigned depth) {
      unsigned& tried = seen[world.hash()];
      if (tried > depth) return;
      const bool is_new = tried == 0;
      tried = depth + 1;
      std::vector<unsigned char> state(sizeof(SmallWorld));
      memcpy(state.data(), &world, sizeof world);
      if (is_new) {
        ++result.state_count;
        note(world.problem_at_the_end());
        restore(state);
      }
      if (depth == 0) return;
      for (const Step& step : world.steps()) {
        path.push_back(step);
        ++result.step_count;
        note(world.take(step));
        if (!result.problem.empty()) return;
        from_here(depth - 1);
        if (!result.problem.empty()) return;
        path.pop_back();
        restore(state);
      }
    }

    void restore(const std::vector<unsigned char>& state) {
      memcpy(static_cast<void*>(&world), state.data(), sizeof world);
    }

    void note(const char* problem) {
      if (problem == nullptr || !result.problem.empty()) return;
      result.problem = problem;
      static const char* const names[] = {"allocate",   "allocate_aligned",
                                          "reallocate", "expand",
                                          "free",       "hoard",
                                          "free_hoard", "refuse",
                                          "trim",       "switch_thread",
                                          "end_thread"};
      for (const Step& step : path) {
        result.problem += std::string("\n  ") +
                          names[static_cast<size_t>(step.kind)] + " place " +
                          std::to_string(step.place) + ", size " +
                          std::to_string(step.size);
      }
    }
  };

  uint64_t hash() const {
    uint64_t sum = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(this);
    for (size_t i = 0; i < sizeof *this; i += sizeof(uint64_t)) {
      uint64_t word = 0;
      memcpy(&word, bytes + i, sizeof word);
      sum = (sum ^ word) * split_mix_step;
      sum ^= sum >> 29;
    }
    return split_mix(sum);
  }

  // What can be done here. Places are alike: only the first empty one is
  // filled.
  std::vector<Step> steps() const {
    std::vector<Step> result;
    bool has_filled = false;
    for (unsigned place = 0; place < place_count; ++place) {
      if (places_[place].ptr != nullptr) {
        result.push_back({Kind::free, place, 0});
        for (size_t size : sizes) {
          if (size == places_[place].size) continue;
          result.push_back({Kind::reallocate, place, size});
          result.push_back({Kind::expand, place, size});
        }
      } else if (!has_filled) {
        has_filled = true;
        for (size_t size : sizes)
          result.push_back({Kind::allocate, place, size});
        result.push_back({Kind::allocate_aligned, place, 3 * granule});
      }
    }
    result.push_back({hoard_[0] ? Kind::free_hoard : Kind::hoard, 0, 0});
    result.push_back({Kind::refuse, 0, 0});
    if constexpr (ReleasingPageSource<Source>)
      result.push_back({Kind::trim, 0, 0});
    if constexpr (is_shared) {
      result.push_back({Kind::switch_thread, 0, 0});
      result.push_back({Kind::end_thread, 0, 0});
    }
    return result;
  }

  // Takes a step; what is wrong then, or null.
  const char* take(const Step& step) {
    WorldSlots::running = running_;
    const char* problem = act(step);
    if (problem == nullptr) problem = check_blocks();
    return problem != nullptr ? problem : verify(heap_);
  }

  const char* act(const Step& step) {
    Block& block = places_[step.place];
    switch (step.kind) {
      case Kind::allocate:
      case Kind::allocate_aligned: {
        const bool is_aligned = step.kind == Kind::allocate_aligned;
        const size_t align = is_aligned ? 8 * granule : 1;
        settle(block, heap_.allocate(step.size, align), step.size, align);
        break;
      }
      case Kind::reallocate: {
        const size_t kept = block.size < step.size ? block.size : step.size;
        void* const ptr = heap_.reallocate(block.ptr, block.align, step.size);
        if (ptr == nullptr) break;
        if (!is_filled(ptr, kept, fill_of(&block))) return "contents lost";
        settle(block, ptr, step.size, block.align);
        break;
      }
      case Kind::expand:
        if (heap_.try_expand(block.ptr, step.size))
          settle(block, block.ptr, step.size, block.align);
        break;
      case Kind::free:
        heap_.free(block.ptr);
        block = {};
        break;
      case Kind::hoard:
        for (unsigned char*& ptr : hoard_)
          ptr = static_cast<unsigned char*>(heap_.allocate(2 * granule, 1));
        for (unsigned char* ptr : hoard_)
          if (ptr != nullptr) memset(ptr, hoard_fill, 2 * granule);
        break;
      case Kind::free_hoard:
        for (unsigned char*& ptr : hoard_) {
          heap_.free(ptr);
          ptr = nullptr;
        }
        break;
      case Kind::refuse:
        heap_.source().refuses = !heap_.source().refuses;
        break;
      case Kind::trim:
        if constexpr (ReleasingPageSource<Source>) heap_.trim();
        break;
      case Kind::switch_thread:
        running_ = 1 - running_;
        break;
      case Kind::end_thread:
        if constexpr (is_shared) heap_.end_thread(false);
        break;
    }
    return nullptr;
  }

  static constexpr unsigned char hoard_fill = 0x77;
  unsigned char fill_of(const Block* block) const {
    return static_cast<unsigned char>(0x11 * (block - places_ + 1));
  }
  void settle(Block& block, void* ptr, size_t size, size_t align) {
    if (ptr == nullptr) return;
    block = {static_cast<unsigned char*>(ptr), size, align};
    memset(ptr, fill_of(&block), size);
  }
  static bool is_filled(const void* ptr, size_t size, unsigned char byte) {
    const auto* bytes = static_cast<const unsigned char*>(ptr);
    for (size_t i = 0; i < size; ++i)
      if (bytes[i] != byte) return false;
    return true;
  }

  // All live blocks are aligned, in the memory, and whole: so none overlap.
  const char* check_blocks() const {
    for (const Block& block : places_) {
      if (block.ptr == nullptr) continue;
      if (address_of(block.ptr) %
          (block.align < granule ? granule : block.align))
        return "misaligned";
      if (heap_.usable_size(block.ptr) < block.size) return "too small";
      if (!is_filled(block.ptr, block.size, fill_of(&block)))
        return "contents changed";
    }
    for (const unsigned char* ptr : hoard_)
      if (ptr != nullptr && !is_filled(ptr, 2 * granule, hoard_fill))
        return "contents of the hoard changed";
    return nullptr;
  }

  // Frees all, and asks again for what was there without more memory: it must
  // be had. Leaves the world as it then is.
  const char* problem_at_the_end() {
    WorldSlots::running = running_;
    for (unsigned char*& ptr : hoard_) {
      heap_.free(ptr);
      ptr = nullptr;
    }
    size_t largest = 0;
    for (Block& block : places_) {
      if (block.size > largest) largest = block.size;
      heap_.free(block.ptr);
      block = {};
    }
    if (const char* problem = verify(heap_)) return problem;
    heap_.source().refuses = true;
    // Blocks on their way to another thread are its to give back.
    if (!is_shared && largest != 0 && !heap_.allocate(largest, 1))
      return "what was freed cannot be had again";
    return verify(heap_);
  }
};

}  // namespace mote
