// Refuses requests by a rule, to see what a program does then:
//
//   mote::Failing failing(heap, mote::RefuseNth(3));
//
// A rule is asked with each size that is to be allocated, or reallocated to,
// and says whether to refuse it. What is refused does not reach the inner
// allocator; frees always do.
//
// The always refusing one is the article's NullAllocator; to fail each request
// of a program in turn is Zig's `checkAllAllocationFailures`
// (lib/std/testing.zig).
//
// Complexity: O(1) beside the inner call. Threads: as the inner allocator and
// the rule's `Counter` allow.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "allocator.hpp"
#include "counter.hpp"
#include "split_mix.hpp"

namespace mote {

template <class R>
concept RefusalRule = requires(R& rule, size_t size) {
  { rule.refuses(size) } -> same_as<bool>;
};

struct RefuseAlways {
  static bool refuses(size_t) { return true; }
};

// The n-th request alone, from 1 on. `requests()` tells how far it is: a test
// that fails the first, the second ... is through when n is not reached.
template <class Counter>
class BasicRefuseNth {
 public:
  explicit constexpr BasicRefuseNth(uint64_t n) : n_(n) {}
  bool refuses(size_t) { return requests_.add(1) == n_; }
  uint64_t requests() const { return requests_.load(); }

 private:
  uint64_t n_;
  Counter requests_;
};
using RefuseNth = BasicRefuseNth<AtomicCounter>;

// Those of more bytes.
class RefuseAbove {
 public:
  explicit constexpr RefuseAbove(size_t size_max) : size_max_(size_max) {}
  bool refuses(size_t size) const { return size > size_max_; }

 private:
  size_t size_max_;
};

// Each with this probability, 0 to 1; the same seed refuses the same ones, as
// long as one thread allocates.
template <class Counter>
class BasicRefuseAtRandom {
 public:
  constexpr BasicRefuseAtRandom(uint64_t seed, double probability)
      : state_(seed), probability_(probability) {}
  bool refuses(size_t) {
    constexpr double range = 1ull << 53;  // all of them are exact
    const uint64_t random = split_mix(state_.add(split_mix_step)) >> 11;
    return static_cast<double>(random) < probability_ * range;
  }

 private:
  Counter state_;
  double probability_;
};
using RefuseAtRandom = BasicRefuseAtRandom<AtomicCounter>;

template <class A, RefusalRule Rule>
  requires Allocator<A>
class Failing {
 public:
  explicit constexpr Failing(Rule rule) : rule_(rule) {}
  constexpr Failing(Held<A> inner, Rule rule)
      : inner_(static_cast<A&&>(inner)), rule_(rule) {}
  Failing(const Failing&) = delete;
  Failing& operator=(const Failing&) = delete;

  void* allocate(size_t size, size_t align) {
    return rule_.refuses(size) ? nullptr : inner_.allocate(size, align);
  }
  void free(void* ptr, size_t size, size_t align) {
    inner_.free(ptr, size, align);
  }
  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    return rule_.refuses(size) ? nullptr
                               : inner_.reallocate(ptr, old_size, align, size);
  }

  Rule& rule() { return rule_; }

 private:
  [[no_unique_address]] A inner_;
  [[no_unique_address]] Rule rule_;
};

template <class A, class Rule>
Failing(A&, Rule) -> Failing<A&, Rule>;

}  // namespace mote
