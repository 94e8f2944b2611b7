// A Cortex-M3 without any library: its vectors, what runs before main, what the
// compiler calls, and the host behind qemu's semihosting.
#include "board.hpp"

#include <stddef.h>
#include <stdint.h>

extern "C" {

extern char stack_top[], data_begin[], data_end[], data_loaded[], bss_begin[],
    bss_end[];
void* memcpy(void* to, const void* from, size_t size);
void* memset(void* to, int byte, size_t size);

// The ARM EABI's names for the two, with other arguments.
void __aeabi_memcpy(void* to, const void* from, size_t size) {
  memcpy(to, from, size);
}
void __aeabi_memset(void* to, size_t size, int byte) { memset(to, byte, size); }
void __aeabi_memclr(void* to, size_t size) { memset(to, 0, size); }
#define MOTE_ALIGNED_ALIAS(name, type)     \
  [[gnu::alias(#name)]] void name##4 type; \
  [[gnu::alias(#name)]] void name##8 type
MOTE_ALIGNED_ALIAS(__aeabi_memcpy, (void*, const void*, size_t));
MOTE_ALIGNED_ALIAS(__aeabi_memset, (void*, size_t, int));
MOTE_ALIGNED_ALIAS(__aeabi_memclr, (void*, size_t));

[[noreturn]] void reset() {
  memcpy(data_begin, data_loaded, static_cast<size_t>(data_end - data_begin));
  memset(bss_begin, 0, static_cast<size_t>(bss_end - bss_begin));
  exit_with(main());
}

// Where a trap of the processor leads.
[[noreturn]] void fault() { exit_with(board_faulted); }

[[gnu::used, gnu::section(".vectors")]] const void* const vectors[] = {
    stack_top,
    reinterpret_cast<const void*>(&reset),
    reinterpret_cast<const void*>(&fault),
    reinterpret_cast<const void*>(&fault),
    reinterpret_cast<const void*>(&fault),
    reinterpret_cast<const void*>(&fault),
    reinterpret_cast<const void*>(&fault),
};

}  // extern "C"

namespace {

// Semihosting: the operation in r0, its argument in r1.
uint32_t ask_host(uint32_t operation, const void* argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace

void print(const char* text) {
  constexpr uint32_t sys_write0 = 4;
  ask_host(sys_write0, text);
}

void print(size_t number) {
  char digits[21];
  char* at = digits + sizeof digits - 1;
  *at = 0;
  do {
    *--at = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  print(at);
}

void exit_with(int status) {
  constexpr uint32_t sys_exit_extended = 0x20;
  const uint32_t application_exit[] = {0x20026, static_cast<uint32_t>(status)};
  ask_host(sys_exit_extended, application_exit);
  for (;;) {
  }
}
