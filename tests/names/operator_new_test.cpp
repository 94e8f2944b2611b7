// Every form of operator new and delete, over mote: natively its own, on wasm
// those of the C++ library, which calls malloc and aligned_alloc.
#include <gtest/gtest.h>
#include <stdint.h>

#include <new>

#include "mote/mote.h"
#include "native/allocated.hpp"

namespace mote {
namespace {

[[maybe_unused]] constexpr size_t absurd = SIZE_MAX - 100'000;

TEST(operator_new, is_motes) {
  void* const ptr = opaque(::operator new(opaque(size_t{1000})));
  EXPECT_GE(mote_usable_size(ptr), 1000u);
  ::operator delete(ptr, size_t{1000});
}

TEST(operator_new, forms_pair_up) {
  using std::align_val_t;
  using std::nothrow;
  constexpr auto align = align_val_t{256};
  for (size_t n : {0, 1, 100, 256, 300, 5000, 300000}) {
    ::operator delete(opaque(::operator new(n)));
    ::operator delete(opaque(::operator new(n)), n);
    ::operator delete[](opaque(::operator new[](n)));
    ::operator delete[](opaque(::operator new[](n)), n);
    ::operator delete(opaque(::operator new(n, nothrow)), nothrow);
    ::operator delete[](opaque(::operator new[](n, nothrow)), nothrow);
    void* ptr = opaque(::operator new(n, align));
    EXPECT_TRUE(is_aligned_to(ptr, 256)) << n;
    ::operator delete(ptr, align);
    ptr = opaque(::operator new[](n, align));
    EXPECT_TRUE(is_aligned_to(ptr, 256)) << n;
    ::operator delete[](ptr, n, align);
    ptr = opaque(::operator new(n, align, nothrow));
    EXPECT_TRUE(is_aligned_to(ptr, 256)) << n;
    ::operator delete(ptr, n, align);
    ptr = opaque(::operator new[](n, align, nothrow));
    EXPECT_TRUE(is_aligned_to(ptr, 256)) << n;
    ::operator delete[](ptr, align, nothrow);
  }
  ::operator delete(opaque(static_cast<void*>(nullptr)));
}

// Emscripten's C++ library aborts the program when memory is refused, nothrow
// or not, unless that is built with exceptions.
#ifndef __EMSCRIPTEN__

TEST(operator_new, refusal_is_null_where_nothing_is_thrown) {
  EXPECT_EQ(opaque(::operator new(opaque(absurd), std::nothrow)), nullptr);
  EXPECT_EQ(opaque(::operator new[](opaque(absurd), std::align_val_t{64},
                                    std::nothrow)),
            nullptr);
}

// WASI's is built without.
#ifdef __cpp_exceptions

TEST(operator_new, refusal_throws) {
  EXPECT_THROW(opaque(::operator new(opaque(absurd))), std::bad_alloc);
  EXPECT_THROW(opaque(::operator new[](opaque(absurd), std::align_val_t{64})),
               std::bad_alloc);
}

int handler_calls = 0;

class NewHandler {
 public:
  explicit NewHandler(std::new_handler handler)
      : previous_(std::set_new_handler(handler)) {
    handler_calls = 0;
  }
  ~NewHandler() { std::set_new_handler(previous_); }

 private:
  std::new_handler previous_;
};

TEST(operator_new, handler_is_called_until_it_gives_up) {
  const NewHandler installed([] {
    if (++handler_calls == 3) std::set_new_handler(nullptr);
  });
  EXPECT_THROW(opaque(::operator new(opaque(absurd))), std::bad_alloc);
  EXPECT_EQ(handler_calls, 3);
}

TEST(operator_new, nothrow_catches_what_the_handler_throws) {
  const NewHandler installed([] {
    ++handler_calls;
    throw std::bad_alloc();
  });
  EXPECT_EQ(opaque(::operator new(opaque(absurd), std::nothrow)), nullptr);
  EXPECT_THROW(opaque(::operator new(opaque(absurd))), std::bad_alloc);
  EXPECT_EQ(handler_calls, 2);
}

#endif
#endif

}  // namespace
}  // namespace mote
