# The wasm modules of the preset `wasm`, for every profile and alignment:
#
#   mote-PROFILE-ALIGNMENT.wasm     the whole C API by the official recipe, whose
#                                   size is a promise
#   cases-PROFILE-ALIGNMENT.wasm    tests/freestanding linked with the same file
#   overwritten-PROFILE-ALIGNMENT.wasm
#                                   the same file, and data beside it

set(single_file ${PROJECT_BINARY_DIR}/mote.cpp)
file(GLOB core_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.hpp
  ${PROJECT_SOURCE_DIR}/wasm/*.inc
  ${PROJECT_SOURCE_DIR}/wasm/*.hpp ${PROJECT_SOURCE_DIR}/wasm/*.cpp)
add_custom_command(OUTPUT ${single_file}
  COMMAND ${CMAKE_COMMAND} -DOUT=${single_file}
    -P ${PROJECT_SOURCE_DIR}/src/amalgamate.cmake
  DEPENDS ${core_sources} ${PROJECT_SOURCE_DIR}/src/amalgamate.cmake
    ${PROJECT_SOURCE_DIR}/src/arena.cpp
    ${PROJECT_SOURCE_DIR}/src/include/mote/mote.h
    ${PROJECT_SOURCE_DIR}/src/include/mote/arena.h
  VERBATIM)

find_program(MOTE_WASM_LD wasm-ld-19 REQUIRED)
find_program(MOTE_NODE node REQUIRED)
# The sizes are made with binaryen 132, and Debian's is another.
find_program(MOTE_WASM_OPT wasm-opt NO_DEFAULT_PATH REQUIRED
  PATHS ${PROJECT_SOURCE_DIR}/build/tools/node_modules/.bin)

set(c_api malloc free realloc calloc aligned_alloc posix_memalign
  malloc_usable_size)
set(features -mbulk-memory -msign-ext -mnontrapping-fptoint -mmutable-globals)

function(mote_add_official_module name definitions)
  list(TRANSFORM c_api PREPEND --export= OUTPUT_VARIABLE exports)
  add_custom_command(OUTPUT ${name}.wasm DEPENDS ${single_file}
    COMMAND ${CMAKE_CXX_COMPILER} --target=wasm32 -std=c++20 -Oz -nostdlib
      -nostdlibinc -fno-builtin -fno-exceptions -fno-rtti -DNDEBUG ${features}
      ${definitions} -c ${single_file} -o ${name}.o
    COMMAND ${MOTE_WASM_LD} --no-entry --gc-sections --strip-all ${exports}
      ${name}.o -o ${name}.linked.wasm
    COMMAND ${MOTE_WASM_OPT} -Oz --converge --strip-debug --strip-producers
      --strip-target-features --enable-bulk-memory --enable-sign-ext
      --enable-nontrapping-float-to-int --enable-mutable-globals
      ${name}.linked.wasm -o ${name}.wasm
    VERBATIM)
endfunction()

# As it is meant to be compiled: the traps keep their names even so.
set_source_files_properties(${single_file} PROPERTIES COMPILE_OPTIONS -Oz)
file(GLOB cases CONFIGURE_DEPENDS freestanding/*.cpp)
function(mote_add_cases name definitions)
  add_executable(${name} ${cases} wasm/freestanding_cases.cpp ${single_file})
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src
    ${PROJECT_SOURCE_DIR}/src/include ${PROJECT_SOURCE_DIR}/wasm
    ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_options(${name} PRIVATE -Wall -Wextra -O1 -nostdlib
    -fno-builtin -fno-exceptions -fno-rtti ${features} ${definitions})
  # Imported memory, so that the runner sets its maximum for each case: as few
  # pages as data and stack allow are a module in a small fixed memory.
  set(initial_pages 2)
  math(EXPR initial_bytes "${initial_pages} * 65536")
  target_compile_definitions(${name} PRIVATE MOTE_INITIAL_PAGES=${initial_pages})
  target_link_options(${name} PRIVATE -nostdlib LINKER:--no-entry
    LINKER:--import-memory LINKER:--initial-memory=${initial_bytes}
    LINKER:-z,stack-size=16384)
  mote_add_test(${name} ${MOTE_NODE}
    ${CMAKE_CURRENT_SOURCE_DIR}/wasm/freestanding.mjs $<TARGET_FILE:${name}>
    ${initial_pages})
endfunction()

# A heap of which one word at a time is overwritten, in memory that cannot grow.
function(mote_add_overwritten name definitions)
  add_executable(${name} ${single_file} wasm/zones.cpp)
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_compile_options(${name} PRIVATE -nostdlib -fno-builtin -fno-exceptions
    -fno-rtti ${features} ${definitions})
  set(exports ${c_api} zone_before zone_behind __heap_base)
  list(TRANSFORM exports PREPEND LINKER:--export=)
  target_link_options(${name} PRIVATE -nostdlib LINKER:--no-entry ${exports}
    LINKER:-z,stack-size=16384 LINKER:--max-memory=196608)
  mote_add_test(${name} ${MOTE_NODE}
    ${CMAKE_CURRENT_SOURCE_DIR}/wasm/overwritten.mjs $<TARGET_FILE:${name}>)
endfunction()

foreach(profile IN ITEMS tiny standard hardened)
  string(TOUPPER ${profile} macro)
  foreach(alignment IN ITEMS 8 16)
    set(variant ${profile}-${alignment})
    set(definitions -DMOTE_PROFILE_${macro} -DMOTE_ALIGNMENT=${alignment})
    mote_add_official_module(mote-${variant} "${definitions}")
    list(APPEND official_modules ${CMAKE_CURRENT_BINARY_DIR}/mote-${variant}.wasm)
    mote_add_cases(cases-${variant} "${definitions}")
    mote_add_overwritten(overwritten-${variant} "${definitions}")
  endforeach()
endforeach()
mote_add_cases(cases-hardened-16-clears
  "-DMOTE_PROFILE_HARDENED;-DMOTE_ALIGNMENT=16;-DMOTE_CLEARS_FREED")
add_custom_target(official_modules ALL DEPENDS ${official_modules})
mote_add_test(official_modules ${MOTE_NODE}
  ${CMAKE_CURRENT_SOURCE_DIR}/wasm/official_modules.mjs ${official_modules})
