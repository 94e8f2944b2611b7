# cmake -DOUT=mote.cpp -P src/amalgamate.cmake
#
# Writes the whole allocator for freestanding wasm as one C++ file that compiles
# alone: wasm/trap.cpp, wasm/malloc.cpp, wasm/multi3.cpp and src/arena.cpp with
# every header of ours put in its place, once.
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
append("${root}/wasm/multi3.cpp")
append("${root}/src/arena.cpp")
file(READ "${root}/LICENSE" license)
string(REGEX REPLACE "\n+$" "" license "${license}")
string(REPLACE "\n" "\n// " license "// ${license}")
string(REGEX REPLACE "// +\n" "//\n" license "${license}")
file(WRITE "${OUT}" "${license}\n\n${text}")
