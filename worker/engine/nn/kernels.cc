#include "worker/engine/nn/kernels.h"

#include <cstdlib>
#include <cstring>

namespace eida::engine {
namespace {

const Kernels& Choose() {
  const char* wanted = std::getenv("EIDA_KERNELS");
  const auto allows = [&](const char* name) {
    return wanted == nullptr || std::strcmp(wanted, name) == 0;
  };
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx512 && allows("avx512")) return Avx512Kernels();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && allows("avx2")) return Avx2Kernels();
  return BaseKernels();
}

}  // namespace

const Kernels& CpuKernels() {
  static const Kernels& chosen = Choose();
  return chosen;
}

}  // namespace eida::engine
