// operator new and delete of a module without a C++ library.
#include "names.hpp"

namespace std {
enum class align_val_t : size_t {};
struct nothrow_t {};
}  // namespace std

using std::align_val_t;
using std::nothrow_t;

void* operator new(size_t size, const nothrow_t& tag) noexcept;
void* operator new[](size_t size, const nothrow_t& tag) noexcept;
void* operator new(size_t size, align_val_t align,
                   const nothrow_t& tag) noexcept;
void* operator new[](size_t size, align_val_t align,
                     const nothrow_t& tag) noexcept;
void operator delete(void* ptr, const nothrow_t& tag) noexcept;
void operator delete[](void* ptr, const nothrow_t& tag) noexcept;
void operator delete(void* ptr, align_val_t align,
                     const nothrow_t& tag) noexcept;
void operator delete[](void* ptr, align_val_t align,
                       const nothrow_t& tag) noexcept;
void operator delete(void* ptr, size_t size) noexcept;
void operator delete[](void* ptr, size_t size) noexcept;
void operator delete(void* ptr, size_t size, align_val_t align) noexcept;
void operator delete[](void* ptr, size_t size, align_val_t align) noexcept;

namespace {

constexpr nothrow_t nothrow;
constexpr size_t impossible = static_cast<size_t>(-1) - 100'000;

// Gives it back and asks for as much: it is the same, or it was not freed. In
// the hardened profile it waits instead, and is cleared.
#ifdef MOTE_PROFILE_HARDENED
bool is_freed(const void* first, const void*, size_t size) {
  return size > 4096 || is_filled(first, 0, size);
}
#else
bool is_freed(const void* first, const void* again, size_t) {
  return again == first;
}
#endif

template <class Allocate, class Free>
void check(size_t align, Allocate allocate, Free give) {
  constexpr size_t sizes[] = {1, 100, 300, 5000};
  for (size_t size : sizes) {
    void* const keep = malloc(size);
    void* const first = opaque(allocate(size));
    MOTE_CHECK(first && address(first) % align == 0);
    MOTE_CHECK(malloc_usable_size(first) >= size);
    fill(first, 7, size);
    give(first, size);
    void* const again = opaque(allocate(size));
    MOTE_CHECK(is_freed(first, again, size));
    give(again, size);
    free(keep);
  }
}

constexpr size_t wide = 256;
constexpr auto wide_value = align_val_t{wide};

MOTE_CASE(new_and_delete_pair_up) {
  check(
      MOTE_ALIGNMENT, [](size_t n) { return ::operator new(n); },
      [](void* p, size_t) { ::operator delete(p); });
  check(
      MOTE_ALIGNMENT, [](size_t n) { return ::operator new[](n); },
      [](void* p, size_t n) { ::operator delete[](p, n); });
  check(
      MOTE_ALIGNMENT, [](size_t n) { return ::operator new(n); },
      [](void* p, size_t n) { ::operator delete(p, n); });
  check(
      MOTE_ALIGNMENT, [](size_t n) { return ::operator new[](n); },
      [](void* p, size_t) { ::operator delete[](p); });
  ::operator delete(opaque(static_cast<void*>(nullptr)));
}

MOTE_CASE(aligned_new_is_aligned) {
  check(
      wide, [](size_t n) { return ::operator new(n, wide_value); },
      [](void* p, size_t) { ::operator delete(p, wide_value); });
  check(
      wide, [](size_t n) { return ::operator new[](n, wide_value); },
      [](void* p, size_t n) { ::operator delete[](p, n, wide_value); });
  check(
      wide, [](size_t n) { return ::operator new(n, wide_value, nothrow); },
      [](void* p, size_t n) { ::operator delete(p, n, wide_value); });
  check(
      wide, [](size_t n) { return ::operator new[](n, wide_value, nothrow); },
      [](void* p, size_t) { ::operator delete[](p, wide_value); });
}

MOTE_CASE(nothrow_new_pairs_up) {
  check(
      MOTE_ALIGNMENT, [](size_t n) { return ::operator new(n, nothrow); },
      [](void* p, size_t) { ::operator delete(p, nothrow); });
  check(
      MOTE_ALIGNMENT, [](size_t n) { return ::operator new[](n, nothrow); },
      [](void* p, size_t) { ::operator delete[](p, nothrow); });
  check(
      wide, [](size_t n) { return ::operator new(n, wide_value, nothrow); },
      [](void* p, size_t) { ::operator delete(p, wide_value, nothrow); });
  check(
      wide, [](size_t n) { return ::operator new[](n, wide_value, nothrow); },
      [](void* p, size_t) { ::operator delete[](p, wide_value, nothrow); });
}

MOTE_CASE(nothrow_new_that_is_refused_is_null) {
  MOTE_CHECK(!opaque(::operator new(opaque(impossible), nothrow)));
  MOTE_CHECK(!opaque(::operator new[](opaque(impossible), nothrow)));
  MOTE_CHECK(!opaque(::operator new(opaque(impossible), wide_value, nothrow)));
  MOTE_CHECK(
      !opaque(::operator new[](opaque(impossible), wide_value, nothrow)));
}

struct Base {
  virtual ~Base() { ++count; }
  static inline int count = 0;
};
struct alignas(64) Derived : Base {
  char bytes[100];
};

// The forms that the compiler chooses, with size and alignment.
MOTE_CASE(objects_come_and_go) {
  Base* const object = opaque(static_cast<Base*>(new Derived));
  MOTE_CHECK(address(object) % 64 == 0);
  delete object;
  Derived* const array = opaque(new Derived[3]);
  delete[] array;
  MOTE_CHECK(Base::count == 4);
}

MOTE_TRAP_CASE(new_that_is_refused_stops, "mote_trap_new_refused") {
  (void)opaque(::operator new(opaque(impossible)));
}

MOTE_TRAP_CASE(a_second_delete_stops, "mote_trap_double_free") {
  int* const first = opaque(new int);
  void* const keep = malloc(4);
  delete opaque(first);
  delete opaque(first);
  free(keep);
}

}  // namespace
