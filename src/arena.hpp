// An arena: blocks are cut one after the other from chunks, and go all at once.
//
//   mote::Arena arena(heap);
//   Node* node = arena.try_make<Node>(1, 2);     // null: refused
//   auto before = arena.checkpoint();
//   ...
//   arena.rewind(before);   // what was allocated since is gone
//   arena.reset();          // and now the rest
//
// Chunks come from any allocator or page source, each twice as long as the one
// before; a buffer of the caller's may be the first. Only the last block can be
// freed, grown and shrunk where it is: what a vector does that grows alone.
//
//   chunk
//   0        header_size         used_end             size_bytes
//   +--------+---------+-- - - --+---------------------+
//   | header | block   |         | untouched           |
//   +--------+---------+-- - - --+---------------------+
//
// A1: Chunks are linked from the current one to the first; the adopted buffer,
//     if there is one, is the last of the list and never freed.
// A2: position_ is a multiple of min_align, the end of every chunk one of
//     chunk_alignment.
// A3: chunk_bytes_ is the sum of the sizes of all chunks that came from the
//     inner allocator, the spare one included.
//
// The features are those of the crate bumpalo 3 (Nick Fitzgerald,
// github.com/fitzgen/bumpalo), which bumps downwards to save an instruction;
// upwards the last block grows without being copied.
//
// Complexity: O(1) for all but what is said below, and the inner allocator's
// for a chunk. Threads: none; one arena, one thread. No destructor of what is
// in it is ever called.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "allocator.hpp"
#include "bits.hpp"
#include "check.hpp"
#include "page_source.hpp"

namespace mote {

// Says that an object is to be made at a place, as the standard's placement new
// does, whose header a bare clang for wasm32 does not have.
struct At {
  void* ptr;
};

}  // namespace mote

[[gnu::returns_nonnull]] inline void* operator new(size_t,
                                                   mote::At at) noexcept {
  return at.ptr;
}
// For a constructor that throws.
inline void operator delete(void*, mote::At) noexcept {}

namespace mote {

// An allocator, or what gives more than it is asked for (page_chunks.hpp).
template <class A>
concept ChunkSource =
    Allocator<A> || requires(A& a, void* ptr, size_t size, size_t align) {
      { a.allocate_at_least(size, align) } -> same_as<Span>;
      { a.free(ptr, size, align) } -> same_as<void>;
    };

// Whether there is nothing to do when a T dies. The compilers have no common
// builtin for it; a union has a destructor only if its members need none.
template <class T>
union Undestroyed {
  char nothing;
  T object;
};
template <class T>
concept NeedsNoDestructor =
    requires(Undestroyed<T>& u) { u.~Undestroyed<T>(); };

// Every block starts at a multiple of `min_align`, which makes all that asks
// for no more a third faster: 0.6 ns a block where 1 takes 0.9
// (tests/bench/arena). With 1, strings lie without padding.
template <class A, size_t min_align = 8>
  requires ChunkSource<A>
class Arena {
  static_assert(is_power_of_two(min_align) && min_align <= span_alignment);

  struct Chunk {
    Chunk* previous;
    size_t size_bytes;  // of all, header included
    char* used_end;     // valid when it is not the current chunk
  };

 public:
  static constexpr size_t chunk_alignment = span_alignment;
  // What a chunk takes from its blocks.
  static constexpr size_t header_size =
      align_up(sizeof(Chunk), chunk_alignment);
  // Chunks double up to here; only a block of its own needs a longer one.
  static constexpr size_t growth_max = size_t{1} << 20;

  constexpr Arena() = default;
  explicit constexpr Arena(Held<A> inner) : inner_(static_cast<A&&>(inner)) {}
  // The buffer is the first chunk, and comes back into use with every reset. It
  // remains the caller's and may be anywhere; one that is too small for a
  // header and a few bytes is not used.
  Arena(Held<A> inner, void* buffer, size_t size_bytes)
      : Arena(static_cast<A&&>(inner)) {
    adopt(buffer, size_bytes);
  }
  Arena(void* buffer, size_t size_bytes) { adopt(buffer, size_bytes); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { release(); }

  // Makes the buffer the first chunk, as those constructors do. False if it is
  // too small, or if there is a chunk already.
  bool adopt(void* buffer, size_t size_bytes) {
    const size_t gap = -address_of(buffer) & (chunk_alignment - 1);
    if (!buffer || chunk_ || size_bytes < gap + header_size + chunk_alignment)
      return false;
    adopted_ = reinterpret_cast<Chunk*>(static_cast<char*>(buffer) + gap);
    adopted_->size_bytes = align_down(size_bytes - gap, chunk_alignment);
    enter_chunk(adopted_);
    return true;
  }

  // A block of `size` bytes (0 counts as 1) at a multiple of `align`, a power
  // of two; null when the inner allocator or the limit refuses a chunk, and
  // then no block has changed.
  [[gnu::always_inline]] void* allocate(size_t size, size_t align) {
    char* const ptr = aligned(position_, align);
    return fits(ptr, size, align) ? take(ptr, size)
                                  : allocate_in_new_chunk(size, align);
  }

  // The same, cleared.
  void* allocate_zeroed(size_t size, size_t align) {
    void* ptr = allocate(size, align);
    return ptr ? __builtin_memset(ptr, 0, size) : nullptr;
  }

  // Makes sure that so many bytes can be allocated from one chunk; false when
  // that is refused.
  bool reserve(size_t size) {
    void* ptr = allocate(size, 1);
    free(ptr, size, 1);
    return ptr;
  }

  // Takes the last block back; of any other and of null, nothing happens.
  void free(void* ptr, size_t size, size_t) {
    if (is_last(ptr, size)) position_ = static_cast<char*>(ptr);
  }

  // Makes the block `size` bytes long where it is; false, and no change, if it
  // cannot be. The last one grows as far as its chunk goes, any one shrinks.
  bool try_expand(void* ptr, size_t old_size, size_t size) {
    if (!is_last(ptr, old_size)) return size <= old_size;
    char* const block = static_cast<char*>(ptr);
    if (size > static_cast<size_t>(end_ - block)) return false;
    position_ = block + block_bytes(size);
    return true;
  }

  // A block of `size` bytes with the old one's contents as far as they fit, the
  // old one if possible; null leaves that as it was.
  void* reallocate(void* ptr, size_t old_size, size_t align, size_t size) {
    if (ptr && try_expand(ptr, old_size, size)) return ptr;
    return reallocate_elsewhere(*this, ptr, old_size, align, size);
  }

  // A T made from the arguments; null when refused, and then none is made. So
  // do all `try_` forms.
  template <NeedsNoDestructor T, class... Arguments>
  [[gnu::always_inline]] T* try_make(Arguments&&... arguments) {
    void* ptr = allocate(sizeof(T), alignof(T));
    return ptr ? new (At{ptr}) T(static_cast<Arguments&&>(arguments)...)
               : nullptr;
  }

  // `count` Ts in a row; the one at `index` is `make(index)`.
  template <NeedsNoDestructor T, class Make>
  T* try_fill_with(size_t count, Make make) {
    size_t size;
    if (__builtin_mul_overflow(count, sizeof(T), &size)) return nullptr;
    auto* first = static_cast<T*>(allocate(size, alignof(T)));
    if (!first) return nullptr;
    for (size_t i = 0; i < count; ++i) new (At{first + i}) T(make(i));
    return first;
  }

  // The same, all of them equal. Without a value: zero, or T's own default.
  template <NeedsNoDestructor T>
  T* try_fill(size_t count, const T& value = T()) {
    return try_fill_with<T>(count, [&](size_t) { return value; });
  }

  template <NeedsNoDestructor T>
  T* try_copy(const T* objects, size_t count) {
    return try_fill_with<T>(count, [&](size_t i) { return objects[i]; });
  }

  // The string with the zero that ends it.
  char* try_copy_string(const char* string) {
    size_t length = 0;  // a bare clang has no strlen
    while (string[length]) ++length;
    return try_copy(string, length + 1);
  }

  // A point in the arena's life. Valid until it is rewound to an earlier one,
  // reset or released.
  class Checkpoint {
    friend class Arena;
    Chunk* chunk_ = nullptr;
    char* position_ = nullptr;
  };

  Checkpoint checkpoint() const {
    Checkpoint here;
    here.chunk_ = chunk_;
    here.position_ = position_;
    return here;
  }

  // Takes back all that was allocated or reallocated since. The longest chunk
  // that becomes free is kept for later, the others return to the inner
  // allocator. O(chunks since then). Traps when the checkpoint's chunk is not
  // there.
  void rewind(const Checkpoint& to) {
    while (chunk_ != to.chunk_) leave_chunk();
    // The block just before may have been freed since.
    if (position_ > to.position_) position_ = to.position_;
  }

  // Takes all back, but keeps the buffer and the longest chunk for what comes.
  // O(chunks).
  void reset() {
    while (chunk_ != adopted_) leave_chunk();
    if (chunk_) position_ = data_of(chunk_);
  }

  // Takes all back, and all chunks return to the inner allocator. O(chunks).
  void release() {
    reset();
    give_back(spare_);
    spare_ = nullptr;
  }

  // At most this many bytes in chunks (SIZE_MAX: no limit), but for what a page
  // source rounds up by. What is there already stays.
  void set_limit(size_t bytes) { limit_bytes_ = bytes; }
  size_t limit() const { return limit_bytes_; }

  // In all chunks that came from the inner allocator, headers included.
  size_t chunk_bytes() const { return chunk_bytes_; }

  // In blocks, and in padding between them. O(chunks).
  size_t allocated_bytes() const {
    size_t bytes = 0;
    for (const Span chunk : chunks()) bytes += chunk.size_bytes;
    return bytes;
  }

  // What the current chunk has left.
  size_t room_bytes() const { return static_cast<size_t>(end_ - position_); }

  // What blocks of each chunk lie in, from the newest chunk to the oldest:
  //   for (mote::Span chunk : arena.chunks()) ...
  // Blocks of one size and alignment lie in it like an array.
  class Chunks;
  Chunks chunks() const { return Chunks(*this); }

 private:
  static char* data_of(Chunk* chunk) {
    return reinterpret_cast<char*>(chunk) + header_size;
  }
  static char* end_of(Chunk* chunk) {
    return reinterpret_cast<char*>(chunk) + chunk->size_bytes;
  }

  static char* aligned(char* position, size_t align) {
    // Rounding up would change nothing, but only we know.
    if (__builtin_constant_p(align) && align <= min_align) return position;
    return reinterpret_cast<char*>(align_up(address_of(position), align));
  }
  // As the end is aligned (A2), only a larger alignment can pass it, or wrap. A
  // size of 0 wraps and does not fit: it is made 1 on the slow path.
  bool fits(const char* ptr, size_t size, size_t align) const {
    if (align > chunk_alignment &&
        static_cast<size_t>(ptr - position_) > room_bytes())
      return false;
    return size - 1 < static_cast<size_t>(end_ - ptr);
  }
  void* take(char* ptr, size_t size) {
    position_ = ptr + align_up(size, min_align);
    return ptr;
  }
  static size_t block_bytes(size_t size) {
    return align_up(size + !size, min_align);
  }
  bool is_last(const void* ptr, size_t size) const {
    return ptr && address_of(ptr) + block_bytes(size) == address_of(position_);
  }

  [[gnu::noinline]] void* allocate_in_new_chunk(size_t size, size_t align) {
    if (!size) {
      size = 1;
      char* const ptr = aligned(position_, align);
      if (fits(ptr, size, align)) return take(ptr, size);
    }
    // The chunk's data may have to be padded, and its end is rounded.
    size_t overhead = header_size + chunk_alignment - 1;
    if (align > chunk_alignment) overhead += align - chunk_alignment;
    size_t needed_bytes;
    if (__builtin_add_overflow(size, overhead, &needed_bytes)) return nullptr;
    Chunk* chunk = take_chunk(align_down(needed_bytes, chunk_alignment));
    if (!chunk) return nullptr;
    enter_chunk(chunk);
    return take(aligned(position_, align), size);
  }

  // A chunk of that many bytes or more.
  Chunk* take_chunk(size_t needed_bytes) {
    if (spare_ && spare_->size_bytes >= needed_bytes) {
      Chunk* chunk = spare_;
      spare_ = nullptr;
      return chunk;
    }
    give_back(spare_);
    spare_ = nullptr;
    size_t size_bytes = chunk_ ? 2 * chunk_->size_bytes : first_chunk_bytes;
    if (size_bytes > growth_max) size_bytes = growth_max;
    if (size_bytes < needed_bytes) size_bytes = needed_bytes;
    Chunk* chunk = new_chunk(size_bytes, needed_bytes);
    return chunk ? chunk : new_chunk(needed_bytes, needed_bytes);
  }

  Chunk* new_chunk(size_t size_bytes, size_t needed_bytes) {
    const size_t left_bytes =
        limit_bytes_ > chunk_bytes_ ? limit_bytes_ - chunk_bytes_ : 0;
    if (size_bytes > left_bytes)
      size_bytes = align_down(left_bytes, chunk_alignment);
    if (size_bytes < needed_bytes) return nullptr;
    const Span span = acquire(size_bytes);
    if (!span.begin) return nullptr;
    auto* chunk = reinterpret_cast<Chunk*>(span.begin);
    chunk->size_bytes = span.size_bytes;
    chunk_bytes_ += span.size_bytes;
    return chunk;
  }

  Span acquire(size_t size_bytes) {
    if constexpr (requires {
                    inner_.allocate_at_least(size_bytes, chunk_alignment);
                  }) {
      return inner_.allocate_at_least(size_bytes, chunk_alignment);
    } else {
      void* ptr = inner_.allocate(size_bytes, chunk_alignment);
      return {static_cast<char*>(ptr), size_bytes};
    }
  }

  void give_back(Chunk* chunk) {
    if (!chunk) return;
    chunk_bytes_ -= chunk->size_bytes;
    inner_.free(chunk, chunk->size_bytes, chunk_alignment);
  }

  void enter_chunk(Chunk* chunk) {
    if (chunk_) chunk_->used_end = position_;
    chunk->previous = chunk_;
    chunk_ = chunk;
    position_ = data_of(chunk);
    end_ = end_of(chunk);
  }

  // Back to the one before; the longer of this one and the spare is kept.
  void leave_chunk() {
    Chunk* left = chunk_;
    if (!left || left == adopted_) mote_trap_invalid_pointer();
    chunk_ = left->previous;
    position_ = chunk_ ? chunk_->used_end : nullptr;
    end_ = chunk_ ? end_of(chunk_) : nullptr;
    if (!spare_ || spare_->size_bytes < left->size_bytes) {
      Chunk* shorter = spare_;
      spare_ = left;
      left = shorter;
    }
    give_back(left);
  }

  static constexpr size_t first_chunk_bytes = 512;

  char* position_ = nullptr;  // the next block, if it needs no padding
  char* end_ = nullptr;
  Chunk* chunk_ = nullptr;    // the current one
  Chunk* spare_ = nullptr;    // empty
  Chunk* adopted_ = nullptr;  // the caller's buffer
  size_t chunk_bytes_ = 0;
  size_t limit_bytes_ = SIZE_MAX;
  [[no_unique_address]] A inner_;
};

template <class A, size_t min_align>
  requires ChunkSource<A>
class Arena<A, min_align>::Chunks {
 public:
  class Iterator {
   public:
    Iterator(Chunk* chunk, char* used_end) : chunk_(chunk), end_(used_end) {}
    Span operator*() const {
      char* begin = data_of(chunk_);
      return {begin, static_cast<size_t>(end_ - begin)};
    }
    Iterator& operator++() {
      chunk_ = chunk_->previous;
      if (chunk_) end_ = chunk_->used_end;
      return *this;
    }
    bool operator!=(const Iterator& other) const {
      return chunk_ != other.chunk_;
    }

   private:
    Chunk* chunk_;
    char* end_;
  };

  explicit Chunks(const Arena& arena) : arena_(arena) {}
  Iterator begin() const { return {arena_.chunk_, arena_.position_}; }
  Iterator end() const { return {nullptr, nullptr}; }

 private:
  const Arena& arena_;
};

template <class A>
Arena(A&) -> Arena<A&>;
template <class A>
Arena(A&, void*, size_t) -> Arena<A&>;

}  // namespace mote
