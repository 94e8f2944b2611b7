// Blocks with a mapping to themselves, between pages that nobody may touch: a
// policy of the hardened profile. A page source that has them says so by a type
// of its name, `Guarded`; where memory has no such pages, there are none.
//
//   void* allocate(size, align, use)     null: the heap has to serve it
//   bool may_have(ptr)                   whether it is the rest's business
//   void free(ptr, size, align, use)     `untold` where the caller does not say
//   bool try_expand(ptr, size)
//   size_t size_of(ptr)
//   void for_each(visit)                 see native/guarded_blocks.hpp
#pragma once

namespace mote {

struct NoGuardedBlocks {
  static constexpr bool exist = false;
};

template <class Source>
struct GuardedBlocksType {
  using Type = NoGuardedBlocks;
};
template <class Source>
  requires requires { typename Source::Guarded; }
struct GuardedBlocksType<Source> {
  using Type = typename Source::Guarded;
};
template <class Source>
using GuardedBlocksOf = typename GuardedBlocksType<Source>::Type;

}  // namespace mote
