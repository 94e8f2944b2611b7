# wasm32 with a newer wasi-libc and libc++ than Debian's, which tests/install
# unpacks; run by node.

set(mote_wasm_target wasm32-wasip1)
include(${CMAKE_CURRENT_LIST_DIR}/clang.cmake)
set(sysroot ${CMAKE_CURRENT_LIST_DIR}/../../build/tools/wasip1)
set(flags "--sysroot=${sysroot} -resource-dir=${sysroot}/resources")
# libc++abi here has no __cxa_throw. Headers warn that they are for wasm only.
set(CMAKE_C_FLAGS_INIT "${flags}")
set(CMAKE_CXX_FLAGS_INIT "${flags} -fno-exceptions -Wno-#warnings")
set(CMAKE_CROSSCOMPILING_EMULATOR
  node --no-warnings ${CMAKE_CURRENT_LIST_DIR}/../../tests/wasm/wasi.mjs)
