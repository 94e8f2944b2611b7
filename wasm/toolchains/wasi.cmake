# wasm32 with wasi-libc and libc++, run by node.

set(mote_wasm_target wasm32-wasi)
include(${CMAKE_CURRENT_LIST_DIR}/clang.cmake)
# libc++abi here has no __cxa_throw.
set(CMAKE_CXX_FLAGS_INIT -fno-exceptions)
set(CMAKE_CROSSCOMPILING_EMULATOR
  node --no-warnings ${CMAKE_CURRENT_LIST_DIR}/../../tests/wasm/wasi.mjs)
