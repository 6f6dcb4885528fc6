# libtorch out of the torch wheel, and the tokenizers static library; both prepared by deploy/bootstrap.sh.
set(torch_root ${EIDA_DEPS_DIR}/torch/torch)
if(NOT EXISTS ${torch_root}/lib/libtorch_cpu.so)
  message(FATAL_ERROR "libtorch is not in ${EIDA_DEPS_DIR}: run deploy/bootstrap.sh, or configure with -DEIDA_WITH_TORCH=OFF")
endif()

add_library(eida_torch INTERFACE)
target_include_directories(eida_torch SYSTEM INTERFACE
  ${torch_root}/include ${torch_root}/include/torch/csrc/api/include)
target_link_libraries(eida_torch INTERFACE
  -Wl,--no-as-needed ${torch_root}/lib/libtorch_cpu.so ${torch_root}/lib/libc10.so -Wl,--as-needed)
# libtorch_cpu finds the CUDA runtime and CUPTI beside it; bootstrap puts both into .deps/torch/cuda.
target_link_options(eida_torch INTERFACE
  -Wl,-rpath,${torch_root}/lib -Wl,-rpath,${EIDA_DEPS_DIR}/torch/cuda -Wl,-rpath-link,${EIDA_DEPS_DIR}/torch/cuda
  -Wl,--disable-new-dtags)

# One precompiled header for the engine, the analyses and their tests: torch/torch.h costs 22 s without it, 6 s to 10 s with it:
# templates that the header leaves pending are instantiated in each source. EIDA_UNITY pays that once for a group of sources.
file(WRITE ${CMAKE_BINARY_DIR}/torch_pch.cc "// holds the precompiled header\n")
add_library(eida_torch_pch STATIC ${CMAKE_BINARY_DIR}/torch_pch.cc)
target_link_libraries(eida_torch_pch PUBLIC eida_flags eida_torch)
target_compile_options(eida_torch_pch PRIVATE -fpch-preprocess)
target_precompile_headers(eida_torch_pch PRIVATE <torch/torch.h> <string> <vector> <map> <memory>)

# A library or test of the torch rooms: same flags as the precompiled header, or GCC refuses it.
function(eida_use_torch name)
  target_link_libraries(${name} PUBLIC eida_torch)
  target_compile_options(${name} PRIVATE -fpch-preprocess)
  get_target_property(type ${name} TYPE)
  if(type STREQUAL EXECUTABLE)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)  # else -fPIE, which is another flag
    target_compile_options(${name} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${name} REUSE_FROM eida_torch_pch)
endfunction()

# The Hugging Face tokenizers crate behind worker/engine/tokenizers/eida_tokenizers.h.
set(EIDA_TOKENIZERS ${EIDA_DEPS_DIR}/tokenizers/libeida_tokenizers.a CACHE FILEPATH "The tokenizers library, built out of worker/engine/tokenizers")
if(NOT EXISTS ${EIDA_TOKENIZERS})
  message(FATAL_ERROR "${EIDA_TOKENIZERS} is missing: run deploy/bootstrap.sh, or configure with -DEIDA_WITH_TORCH=OFF")
endif()
add_library(eida_tokenizers STATIC IMPORTED GLOBAL)
set_target_properties(eida_tokenizers PROPERTIES IMPORTED_LOCATION ${EIDA_TOKENIZERS}
  INTERFACE_LINK_LIBRARIES "dl;m;Threads::Threads")
