# Runs a test program and counts what it tested:
#
#   cmake -DCOUNTS=FILE -P run_suite.cmake -- COMMAND...
#
# Fails unless the command exits with 0, says how many cases passed, by
# GoogleTest's summary or a line of its own `N passed, M failed`, and that is
# more than none: a program that silently ran nothing has shown nothing. Writes
# `N passed, M failed` to FILE, and `, K skipped` if some were.

cmake_minimum_required(VERSION 3.25)

set(index 1)
while(NOT CMAKE_ARGV${index} STREQUAL "--")
  math(EXPR index "${index} + 1")
endwhile()
math(EXPR index "${index} + 1")
while(index LESS CMAKE_ARGC)
  list(APPEND command "${CMAKE_ARGV${index}}")
  math(EXPR index "${index} + 1")
endwhile()

execute_process(COMMAND ${command}
  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)

# What passed is not worth a reader's time; GoogleTest's own brief mode would
# not say which case crashed.
string(REGEX REPLACE "\\[ RUN      \\] [^\n]*\n\\[       OK \\] [^\n]*\n" ""
  told "${output}")
string(REGEX REPLACE "\\[----------\\][^\n]*\n\n?" "" told "${told}")
message("${told}")

set(passed 0)
set(failed 0)
if(output MATCHES "\\[  PASSED  \\] ([0-9]+) test")
  set(passed ${CMAKE_MATCH_1})
  string(REGEX MATCHALL "\\[  FAILED  \\] [^\n]* ms\\)" failures "${output}")
  list(LENGTH failures failed)
elseif(output MATCHES "(^|\n)([0-9]+) passed, ([0-9]+) failed")
  set(passed ${CMAKE_MATCH_2})
  set(failed ${CMAKE_MATCH_3})
endif()

if(status EQUAL 0 AND failed EQUAL 0 AND passed EQUAL 0)
  set(status "0, but it ran no test")
endif()
if(NOT status STREQUAL "0" AND failed EQUAL 0)
  set(failed 1)  # it crashed before it could count
endif()
set(counts "${passed} passed, ${failed} failed")
foreach(form IN ITEMS "\\[  SKIPPED \\] ([0-9]+) test"
    "[0-9]+ passed, [0-9]+ failed, ([0-9]+) skipped")
  if(output MATCHES "${form}")
    string(APPEND counts ", ${CMAKE_MATCH_1} skipped")
    break()
  endif()
endforeach()
file(WRITE ${COUNTS} "${counts}\n")
if(failed GREATER 0)
  message(FATAL_ERROR "${failed} failed; exit status: ${status}")
endif()
