# FreeBSD from another system, by clang and lld, without its C library: what it
# makes can be looked at, not run. MOTE_SDK is a folder with usr/include.

set(MOTE_SDK "" CACHE PATH "Headers of FreeBSD")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MOTE_SDK)
set(CMAKE_SYSTEM_NAME FreeBSD)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_SYSROOT ${MOTE_SDK})
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_CXX_COMPILER_TARGET x86_64-unknown-freebsd14)
set(CMAKE_AR llvm-ar-19)
set(CMAKE_RANLIB llvm-ranlib-19)
# There is nothing that a program could be linked with.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-fuse-ld=lld -nostdlib")
