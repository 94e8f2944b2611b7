# Emscripten, through its own toolchain file.

find_path(MOTE_EMSCRIPTEN_ROOT cmake/Modules/Platform/Emscripten.cmake
  PATHS $ENV{EMSDK}/upstream/emscripten /usr/share/emscripten
  NO_CMAKE_FIND_ROOT_PATH REQUIRED)
set(CMAKE_C_COMPILER ${CMAKE_CURRENT_LIST_DIR}/emscripten/emcc)
set(CMAKE_CXX_COMPILER ${CMAKE_CURRENT_LIST_DIR}/emscripten/em++)
include(${MOTE_EMSCRIPTEN_ROOT}/cmake/Modules/Platform/Emscripten.cmake)
set(CMAKE_CROSSCOMPILING_EMULATOR node)
