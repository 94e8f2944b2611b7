# Real programs over the libraries that users get.
if(NOT WIN32 AND NOT CMAKE_CROSSCOMPILING)
  mote_add_test(preload
    bash ${CMAKE_CURRENT_LIST_DIR}/preload $<TARGET_FILE:mote_shared>)
  mote_add_test(exported_names
    bash ${CMAKE_CURRENT_LIST_DIR}/exported_names $<TARGET_FILE:mote_shared>)
  mote_add_test(malloc_info python3 ${CMAKE_CURRENT_LIST_DIR}/malloc_info.py
    $<TARGET_FILE:mote_shared>)
  mote_add_test(static_link
    bash ${CMAKE_CURRENT_LIST_DIR}/static_link $<TARGET_FILE:mote>)
endif()
if(MOTE_TOOLS)
  add_executable(traced_program ${CMAKE_CURRENT_LIST_DIR}/traced_program.cpp)
  target_link_libraries(traced_program PRIVATE Threads::Threads)
  target_compile_features(traced_program PRIVATE cxx_std_20)
  # As it is written: the compiler may leave out what nobody looks at.
  target_compile_options(traced_program PRIVATE -O1 -fno-builtin
    -fno-allocation-dce)
  mote_add_test(trace_tools python3 ${CMAKE_CURRENT_LIST_DIR}/trace_tools.py
    ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR})
  mote_add_test(verify bash ${CMAKE_CURRENT_LIST_DIR}/verify
    $<TARGET_FILE:mote_verify> ${MOTE_PROFILE})
  mote_add_test(environment bash ${CMAKE_CURRENT_LIST_DIR}/environment
    $<TARGET_FILE:mote_shared> $<TARGET_FILE:mote_verify>
    $<TARGET_FILE:mote_trace_preload>)
endif()
if(CMAKE_SYSTEM_NAME STREQUAL Linux AND
   CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64)$")
  # Also what tests/bench/threads/instructions counts with.
  add_executable(single_step ${CMAKE_CURRENT_LIST_DIR}/single_step.cpp)
  target_link_libraries(single_step PRIVATE Threads::Threads)
  target_compile_features(single_step PRIVATE cxx_std_20)
  # The calls are counted as they are written.
  target_compile_options(single_step PRIVATE -Wall -Wextra -O1 -fno-builtin)
  mote_add_test(atomics $<TARGET_FILE:single_step> check $<TARGET_FILE:mote_shared>)
endif()
if(WIN32)
  # Linked with the DLL only; everything else is the C runtime's.
  add_executable(windows_dll ${CMAKE_CURRENT_LIST_DIR}/windows_dll.cpp)
  target_link_libraries(windows_dll PRIVATE mote_shared)
  target_compile_features(windows_dll PRIVATE cxx_std_20)
  target_compile_options(windows_dll PRIVATE -Wall -Wextra -O1 -fno-builtin)
  # Windows looks for DLLs beside the program.
  set_target_properties(mote_shared windows_dll PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/windows_dll)
  mote_add_test(windows_dll ${CMAKE_CROSSCOMPILING_EMULATOR}
    $<TARGET_FILE:windows_dll>)
endif()
