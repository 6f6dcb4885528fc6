# eida_library(name SOURCES a.cc .. DEPS x ..)        a room's static library
# eida_binary(name SOURCES main.cc .. DEPS x ..)      a program in build/bin
# eida_test(name SOURCES a_test.cc .. DEPS x .. [STARTS program ..] [LABELS l ..] [TIMEOUT s])   one test binary per room
# catalog_sources(variable def folder MACRO)          the source of each line of common/catalog/<def>.def: <folder>/<id>.cc
include(GoogleTest)

# Every test and what it starts; the sanitizers' presets build this and nothing else.
add_custom_target(eida_tests)

# What a sanitizer finds ends the process that it finds it in, in whichever program of a test that is. Threads of OpenMP that wait
# sleep: spinning, they take the time of whatever runs beside the tests.
set(EIDA_TEST_ENVIRONMENT OMP_WAIT_POLICY=passive)
set(EIDA_TEST_SLOWER 1)
set(EIDA_INTERPOSED "")  # what every program of a sanitizer's preset is linked with
if(EIDA_SANITIZE)
  set(supp ${CMAKE_SOURCE_DIR}/tests/sanitizers)
  list(APPEND EIDA_TEST_ENVIRONMENT
    "UBSAN_OPTIONS=print_stacktrace=1" "LSAN_OPTIONS=suppressions=${supp}/lsan.supp:print_suppressions=0"
    "TSAN_OPTIONS=suppressions=${supp}/tsan.supp:halt_on_error=1:second_deadlock_stack=1" "EIDA_SEEDS=50")
  set(EIDA_TEST_SLOWER 4)
  if(EIDA_SANITIZE MATCHES thread)
    set(EIDA_INTERPOSED eida_grpc_order)
  endif()
endif()

# One line a thing names its source here; a line without a file fails at configure.
function(catalog_sources variable def folder macro)
  set(file ${CMAKE_SOURCE_DIR}/common/catalog/${def}.def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} lines REGEX "^${macro}\\(")
  foreach(line ${lines})
    string(REGEX REPLACE "^${macro}\\(([a-z0-9_]+).*" "\\1" id "${line}")
    list(APPEND sources ${folder}/${id}.cc)
  endforeach()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

function(eida_library name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  if(A_SOURCES)
    add_library(${name} STATIC ${A_SOURCES})
    target_link_libraries(${name} PUBLIC eida_flags ${A_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE eida_flags ${A_DEPS})
  endif()
endfunction()

function(eida_binary name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE eida_flags ${A_DEPS} ${EIDA_INTERPOSED})
endfunction()

function(eida_test name)
  cmake_parse_arguments(A "" "TIMEOUT" "SOURCES;DEPS;STARTS;LABELS" ${ARGN})
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 120)
  endif()
  math(EXPR A_TIMEOUT "${A_TIMEOUT} * ${EIDA_TEST_SLOWER}")
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE eida_flags ${A_DEPS} ${EIDA_INTERPOSED} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE EIDA_SOURCE_DIR="${CMAKE_SOURCE_DIR}" EIDA_BINARY_DIR="${CMAKE_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  # One ctest entry per binary: a process start per test case would cost more than most of the tests.
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${A_TIMEOUT} LABELS "${A_LABELS}" ENVIRONMENT "${EIDA_TEST_ENVIRONMENT}")
  add_dependencies(eida_tests ${name})
  foreach(program ${A_STARTS})
    add_dependencies(${name} ${program})
    set_property(TEST ${name} APPEND PROPERTY REQUIRED_FILES $<TARGET_FILE:${program}>)
  endforeach()
endfunction()
