# Linux on another processor: Debian's cross compiler for MOTE_TRIPLE, run by
# qemu's user mode. Static, so that qemu needs no file system of that processor.

set(MOTE_TRIPLE "" CACHE STRING "aarch64-linux-gnu, s390x-linux-gnu, ...")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MOTE_TRIPLE)
string(REGEX MATCH "^[^-]+" CMAKE_SYSTEM_PROCESSOR "${MOTE_TRIPLE}")
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${MOTE_TRIPLE}-gcc)
set(CMAKE_CXX_COMPILER ${MOTE_TRIPLE}-g++)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_FIND_ROOT_PATH /usr/${MOTE_TRIPLE})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
# 64-bit x86 runs its 32-bit programs itself.
if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL i686)
  set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${CMAKE_SYSTEM_PROCESSOR})
endif()
