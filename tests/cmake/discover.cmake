# Read by ctest before it runs anything, through a file that tests/CMakeLists.txt writes: registers
# those tests that this machine can run. A test that lacks something is not registered at all; it
# goes with its reason into ELMO_NOT_TRIED, a line each: LABEL|what: why.
#
# Given: ELMO_SOURCE, ELMO_BUILD, ELMO_BUILDS (where the folders with sanitizers are),
# ELMO_PYTHON, ELMO_INSTRUCTION_SETS (the program of tests/support/instruction_sets.cc).
cmake_minimum_required(VERSION 3.25)
set(ELMO_NOT_TRIED ${ELMO_BUILD}/not_tried.txt)

# What the variants of a test set to keep oneDNN and our own kernels to one instruction set.
set(ELMO_LIMITS_sse41 ONEDNN_MAX_CPU_ISA=SSE41 ELMO_MAX_ISA=sse4)
set(ELMO_LIMITS_avx2 ONEDNN_MAX_CPU_ISA=AVX2 ELMO_MAX_ISA=avx2)
set(ELMO_LIMITS_avx512_core ONEDNN_MAX_CPU_ISA=AVX512_CORE ELMO_MAX_ISA=avx512)
set(ELMO_LIMITS_avx512_core_bf16 ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 ELMO_MAX_ISA=avx512)
set(ELMO_LIMITS_avx512_core_amx ONEDNN_MAX_CPU_ISA=AVX512_CORE_AMX ELMO_MAX_ISA=avx512)

# The label and the environment of the tests with sanitizers. Only what we wrote is instrumented:
# the threads of OpenMP, whose barriers the thread sanitizer does not see, are one.
set(ELMO_LABEL_sanitize sanitize)
set(ELMO_ENVIRONMENT_sanitize UBSAN_OPTIONS=print_stacktrace=1
  LSAN_OPTIONS=print_suppressions=0:suppressions=${ELMO_SOURCE}/tests/support/leak_sanitizer.txt)
set(ELMO_LABEL_thread long)
set(ELMO_ENVIRONMENT_thread OMP_THREAD_LIMIT=1
  TSAN_OPTIONS=halt_on_error=1:suppressions=${ELMO_SOURCE}/tests/support/thread_sanitizer.txt)

# What INSTRUCTION_SETS of a test stands for.
set(ELMO_SETS_avx2 avx2 avx512_core avx512_core_bf16 avx512_core_amx)
set(ELMO_SETS_all sse41 ${ELMO_SETS_avx2})

file(WRITE ${ELMO_NOT_TRIED} "")

# elmo_not_tried(LABEL SENTENCE): once each.
function(elmo_not_tried label sentence)
  get_property(said GLOBAL PROPERTY ELMO_SAID)
  if(NOT "${label}|${sentence}" IN_LIST said)
    set_property(GLOBAL APPEND PROPERTY ELMO_SAID "${label}|${sentence}")
    file(APPEND ${ELMO_NOT_TRIED} "${label}|${sentence}\n")
  endif()
endfunction()

# elmo_succeeds(OUT COMMAND...): no word of the command holds a semicolon.
function(elmo_succeeds out)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(status EQUAL 0)
    set(${out} TRUE PARENT_SCOPE)
  else()
    set(${out} FALSE PARENT_SCOPE)
  endif()
endfunction()

# elmo_find_reason(NEED): why a need is not met goes into the global property ELMO_REASON_NEED,
# empty where it is met. Looked for once.
function(elmo_find_reason need)
  get_property(known GLOBAL PROPERTY ELMO_REASON_${need} SET)
  if(known)
    return()
  endif()
  set(reason "")
  if(need MATCHES "^program:(.*)")
    set(name ${CMAKE_MATCH_1})
    elmo_succeeds(found sh -c "command -v ${name}")
    if(NOT found)
      set(reason "${name} is not installed")
    endif()
  elseif(need MATCHES "^python:(.*)")
    set(name ${CMAKE_MATCH_1})
    elmo_succeeds(found ${ELMO_PYTHON} -c
      "import sys, importlib.util as u\nsys.exit(not u.find_spec('${name}'))")
    if(NOT found)
      set(reason "${name} is not installed for ${ELMO_PYTHON}")
    endif()
  elseif(need MATCHES "^fixture:(.*)")
    set(name ${CMAKE_MATCH_1})
    if(NOT DEFINED ENV{ELMO_FIXTURES})
      set(reason "ELMO_FIXTURES names no folder with ${name}/")
    elseif(NOT IS_DIRECTORY "$ENV{ELMO_FIXTURES}/${name}")
      set(reason "ELMO_FIXTURES ($ENV{ELMO_FIXTURES}) holds no folder ${name}")
    endif()
  elseif(need STREQUAL "root")
    execute_process(COMMAND id -u OUTPUT_VARIABLE user OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT user EQUAL 0)
      set(reason "it takes root")
    endif()
  elseif(need STREQUAL "mount")
    elmo_succeeds(mounts sh -c "d=$(mktemp -d) && mount -t tmpfs -o size=1m tmpfs $d && umount $d
      status=$?
      rmdir $d
      exit $status")
    if(NOT mounts)
      set(reason "it takes root, and the right to mount a tmpfs")
    endif()
  else()
    message(FATAL_ERROR "what is ${need}?")
  endif()
  set_property(GLOBAL PROPERTY ELMO_REASON_${need} "${reason}")
endfunction()

# elmo_meets(OUT NAME LABEL NEED...): is nothing missing that the test NAME needs? What is goes into
# ELMO_NOT_TRIED.
function(elmo_meets out name label)
  set(${out} TRUE PARENT_SCOPE)
  foreach(need IN LISTS ARGN)
    elmo_find_reason(${need})
    get_property(reason GLOBAL PROPERTY ELMO_REASON_${need})
    if(reason)
      elmo_not_tried("${label}" "${name}: ${reason}")
      set(${out} FALSE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# elmo_other_instruction_sets(OUT SET...): those of the sets that this CPU has, but for the best.
function(elmo_other_instruction_sets out)
  get_property(here GLOBAL PROPERTY ELMO_SETS_HERE)
  if(NOT here)
    execute_process(COMMAND ${ELMO_INSTRUCTION_SETS} RESULT_VARIABLE status
      OUTPUT_VARIABLE here OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    string(REPLACE "\n" ";" here "${here}")
    if(NOT status EQUAL 0 OR NOT here)
      set(here unknown)
    endif()
    set_property(GLOBAL PROPERTY ELMO_SETS_HERE ${here})
  endif()
  list(GET here -1 best)
  set(others "")
  foreach(set IN LISTS ARGN)
    string(TOUPPER ${set} isa)
    if(here STREQUAL "unknown")
      elmo_not_tried("" "tests on ${isa}: ${ELMO_INSTRUCTION_SETS} does not run")
    elseif(NOT set IN_LIST here)
      elmo_not_tried("" "tests on ${isa}: this CPU has ${best} at best")
    elseif(NOT set STREQUAL best)
      list(APPEND others ${set})
    endif()
  endforeach()
  set(${out} ${others} PARENT_SCOPE)
endfunction()

# elmo_register(NAME LABEL TIMEOUT SETS_UP AFTER ENVIRONMENT COMMAND): adds a test; lists are single
# arguments, empty ones have no effect.
function(elmo_register name label timeout sets_up after environment command)
  add_test(${name} ${command})
  set_tests_properties(${name} PROPERTIES LABELS "${label}" ENVIRONMENT "${environment}"
    FIXTURES_SETUP "${sets_up}" FIXTURES_REQUIRED "${after}")
  if(timeout)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout})
  endif()
endfunction()

# elmo_discover(NAME OPTION...): with the options of elmo_add_test in tests/CMakeLists.txt.
function(elmo_discover name)
  cmake_parse_arguments(PARSE_ARGV 1 TEST "" "LABEL;TIMEOUT;INSTRUCTION_SETS;SETS_UP"
    "COMMAND;NEEDS;ENVIRONMENT;SANITIZERS")
  elmo_meets(complete ${name} "${TEST_LABEL}" ${TEST_NEEDS})
  if(NOT complete)
    return()
  endif()
  elmo_register(${name} "${TEST_LABEL}" "${TEST_TIMEOUT}" "${TEST_SETS_UP}" ""
    "${TEST_ENVIRONMENT}" "${TEST_COMMAND}")
  if(TEST_INSTRUCTION_SETS)
    elmo_other_instruction_sets(sets ${ELMO_SETS_${TEST_INSTRUCTION_SETS}})
    foreach(set IN LISTS sets)
      elmo_register(${name}.${set} "" "${TEST_TIMEOUT}" "" ""
        "${TEST_ENVIRONMENT};${ELMO_LIMITS_${set}}" "${TEST_COMMAND}")
    endforeach()
  endif()
  foreach(build IN LISTS TEST_SANITIZERS)
    string(REPLACE "${ELMO_BUILD}/" "${ELMO_BUILDS}/${build}/" command "${TEST_COMMAND}")
    elmo_register(${name}.${build} ${ELMO_LABEL_${build}} 3600 "" ${build}
      "${TEST_ENVIRONMENT};${ELMO_ENVIRONMENT_${build}}" "${command}")
  endforeach()
endfunction()
