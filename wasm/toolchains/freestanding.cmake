# wasm32 with no library at all.

set(mote_wasm_target wasm32)
include(${CMAKE_CURRENT_LIST_DIR}/clang.cmake)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
