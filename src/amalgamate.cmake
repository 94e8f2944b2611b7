# cmake -DOUT=mote.cpp -P src/amalgamate.cmake
#
# Writes the whole allocator for freestanding wasm as one C++ file that compiles
# alone: wasm/trap.cpp, wasm/malloc.cpp, wasm/operator_new.cpp,
# wasm/compiler_functions.cpp and src/arena.cpp with every header of ours put in
# its place, once.
cmake_minimum_required(VERSION 3.21)

if(NOT OUT)
  message(FATAL_ERROR "usage: cmake -DOUT=FILE -P src/amalgamate.cmake")
endif()

get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(folders "${root}/src" "${root}/src/include" "${root}/wasm")
set(seen)
set(text)

function(append file)
  file(READ "${file}" rest)
  string(REGEX REPLACE "#pragma once\n" "" rest "${rest}")
  while(rest MATCHES "(^|\n)#include \"([^\"]+)\"\n")
    set(name "${CMAKE_MATCH_2}")
    string(FIND "${rest}" "#include \"${name}\"\n" at)
    string(SUBSTRING "${rest}" 0 ${at} before)
    string(LENGTH "#include \"${name}\"\n" length)
    math(EXPR at "${at} + ${length}")
    string(SUBSTRING "${rest}" ${at} -1 rest)
    set(text "${text}${before}")
    unset(found)  # set by the caller, if this is a nested call
    find_file(found "${name}" PATHS ${folders} NO_DEFAULT_PATH NO_CACHE REQUIRED)
    if(NOT found IN_LIST seen)
      list(APPEND seen "${found}")
      append("${found}")
    endif()
  endwhile()
  set(text "${text}${rest}" PARENT_SCOPE)
  set(seen "${seen}" PARENT_SCOPE)
endfunction()

append("${root}/wasm/trap.cpp")
append("${root}/wasm/malloc.cpp")
append("${root}/wasm/operator_new.cpp")
append("${root}/wasm/compiler_functions.cpp")
append("${root}/src/arena.cpp")

# Of the headers that remain the compiler has one of its own, <stddef.h>. Its
# <stdint.h> it may replace by the one of a C library for another target, as
# Debian's clang 15 does; so here are the names.
string(REPLACE "#include <stdint.h>\n" "" text "${text}")
set(prologue [[
#if __cplusplus < 202002L
#error "mote.cpp is C++20: compile it with -std=c++20"
#endif

typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT64_TYPE__ uint64_t;
#define UINT32_MAX __UINT32_MAX__
#define SIZE_MAX __SIZE_MAX__

]])
file(READ "${root}/LICENSE" license)
string(REGEX REPLACE "\n+$" "" license "${license}")
string(REPLACE "\n" "\n// " license "// ${license}")
string(REGEX REPLACE "// +\n" "//\n" license "${license}")
file(WRITE "${OUT}" "${license}\n\n${prologue}${text}")
