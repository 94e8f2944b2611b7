# Emscripten's own toolchain file, wherever its em++ is: Debian's, or the first
# on PATH.

find_path(MOTE_EMSCRIPTEN_ROOT cmake/Modules/Platform/Emscripten.cmake
  PATHS $ENV{EMSDK}/upstream/emscripten /usr/share/emscripten
  NO_CMAKE_FIND_ROOT_PATH REQUIRED)
include(${MOTE_EMSCRIPTEN_ROOT}/cmake/Modules/Platform/Emscripten.cmake)
set(CMAKE_CROSSCOMPILING_EMULATOR node)
