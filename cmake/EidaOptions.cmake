# Options and the flags every target shares (through eida_flags).
option(EIDA_WITH_TORCH "Build the engine, the analyses and eida-runner (needs libtorch in .deps)" ON)
option(EIDA_TESTS "Build the tests" ON)
option(EIDA_BENCH "Build the benchmarks" OFF)
set(EIDA_SANITIZE "" CACHE STRING "Sanitizers for every target: address,undefined or thread")
set(EIDA_DEPS_DIR ${CMAKE_SOURCE_DIR}/.deps CACHE PATH "What deploy/bootstrap.sh prepared")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(EIDA_CCACHE ccache)
if(EIDA_CCACHE)
  # pch_defines,time_macros: what ccache needs to cache users of a precompiled header; base_dir: hits across build folders.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${EIDA_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

# As many compilers as there are cores and room for: up to 2 GB each, and tests/run.sh builds three presets at a time.
cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
cmake_host_system_information(RESULT megabytes QUERY TOTAL_PHYSICAL_MEMORY)
math(EXPR compilers "${megabytes} / 6000")
if(compilers GREATER cores)
  set(compilers ${cores})
elseif(compilers LESS 1)
  set(compilers 1)
endif()
set_property(GLOBAL PROPERTY JOB_POOLS compile=${compilers} link=1)
set(CMAKE_JOB_POOL_COMPILE compile)
set(CMAKE_JOB_POOL_LINK link)

add_library(eida_flags INTERFACE)
target_compile_options(eida_flags INTERFACE -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Werror=return-type)
target_include_directories(eida_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(eida_flags INTERFACE EIDA_VERSION="${PROJECT_VERSION}")
find_program(EIDA_LLD ld.lld)
if(EIDA_LLD)
  target_link_options(eida_flags INTERFACE -fuse-ld=lld)
endif()
set(EIDA_UNITY 0 CACHE STRING "Sources compiled as one (0: each alone)")
if(EIDA_UNITY)
  # Headers and the templates that each source instantiates again are most of the cost, and nobody edits in these presets all
  # day: preset dev is for that.
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE ${EIDA_UNITY})
endif()
if(EIDA_SANITIZE)
  target_compile_definitions(eida_flags INTERFACE EIDA_SANITIZED)  # to tests with bounds on time
  target_compile_options(eida_flags INTERFACE -fsanitize=${EIDA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(eida_flags INTERFACE -fsanitize=${EIDA_SANITIZE})
  if(EIDA_SANITIZE MATCHES thread)
    # Debian's protobuf and abseil are built without ThreadSanitizer: under this macro their headers give some classes other members.
    target_compile_options(eida_flags INTERFACE -U__SANITIZE_THREAD__)
    add_library(eida_grpc_order OBJECT ${CMAKE_SOURCE_DIR}/tests/sanitizers/grpc_order.cc)
    target_compile_options(eida_grpc_order PRIVATE -O1 -std=c++20 -fPIC)
  endif()
  if(EIDA_SANITIZE MATCHES undefined)
    # Checks at every access to a member, which cost half of the code. AddressSanitizer reports a null dereference itself; these rooms
    # cast pointers to char* only, so nothing can be misaligned; object-size finds nothing without optimisation.
    target_compile_options(eida_flags INTERFACE -fno-sanitize=null,vptr,alignment,object-size)
  endif()
endif()
