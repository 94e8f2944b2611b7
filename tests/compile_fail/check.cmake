# cmake -DCOMPILER=CXX -DROOT=DIR -P check.cmake
#
# What must not build, and the reason that the compiler must give. A reason that
# is not asked for would let a misspelt test pass.

set(passed 0)
set(failed 0)

function(compile)  # DEFINITION...
  execute_process(
    COMMAND ${COMPILER} -std=c++20 -fsyntax-only -I${ROOT}/src
      -I${ROOT}/src/include ${ARGN} ${CMAKE_CURRENT_LIST_DIR}/${source}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(status "${status}" PARENT_SCOPE)
  set(output "${output}" PARENT_SCOPE)
endfunction()

macro(report condition text)
  if(${condition})
    math(EXPR passed "${passed} + 1")
  else()
    math(EXPR failed "${failed} + 1")
    message("${text}\n${output}")
  endif()
endmacro()

function(expect_success)
  compile(${ARGN})
  string(COMPARE EQUAL "${status}" 0 is_good)
  report(is_good "must compile: ${ARGN}")
  set(passed ${passed} PARENT_SCOPE)
  set(failed ${failed} PARENT_SCOPE)
endfunction()

function(expect_failure reason)
  compile(${ARGN})
  set(is_good FALSE)
  if(NOT status EQUAL 0 AND output MATCHES "${reason}")
    set(is_good TRUE)
  endif()
  report(is_good "must fail with '${reason}': ${ARGN}")
  set(passed ${passed} PARENT_SCOPE)
  set(failed ${failed} PARENT_SCOPE)
endfunction()

set(source config.cpp)
expect_success()
expect_success(-DMOTE_SETTINGS=.alignment=8)
expect_success(-DMOTE_SETTINGS=.has_slabs=false)
expect_success(-DMOTE_SETTINGS=.slab_size=8192)

foreach(settings IN ITEMS
    .alignment=0 .alignment=4 .alignment=12 .alignment=32
    .class_count=0 .class_count=256
    .slab_size=0 .slab_size=1000 .slab_size=1024 .slab_size=131072)
  expect_failure("is_valid\\(" -DMOTE_SETTINGS=${settings})
endforeach()

expect_failure("allignment" -DMOTE_SETTINGS=.allignment=8)
expect_failure("PageSource" -DMOTE_BAD_SOURCE)
expect_failure("noexcept" -DMOTE_THROWING_SOURCE)
expect_failure("ReleasingPageSource" -DMOTE_TRIM)

set(source allocators.cpp)
expect_success()
expect_success(-DMOTE_MIN_ALIGN=16)
expect_failure("min_align" -DMOTE_MIN_ALIGN=3)
expect_failure("min_align" -DMOTE_MIN_ALIGN=32)
expect_failure("NeedsNoDestructor" -DMOTE_OBJECT_WITH_DESTRUCTOR)
expect_failure("Allocator" -DMOTE_NO_ALLOCATOR)
expect_failure("deleted" -DMOTE_COPY)
expect_failure("RefusalRule" -DMOTE_NO_RULE)
expect_failure("share its state" -DMOTE_STATE_BY_VALUE)
expect_failure("no matching" -DMOTE_NO_REFERENCE)

message("${passed} passed, ${failed} failed")
if(failed GREATER 0)
  message(FATAL_ERROR "compile_fail")
endif()
