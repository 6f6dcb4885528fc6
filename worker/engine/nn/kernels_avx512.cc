// The kernels for one instruction set; CMakeLists.txt gives this file its compiler options.
#define EIDA_KERNEL_SPACE avx512_kernels
#include "worker/engine/nn/kernels_body.h"

namespace eida::engine {
const Kernels& Avx512Kernels() {
  static const Kernels kernels = avx512_kernels::MakeKernels("avx512");
  return kernels;
}
}  // namespace eida::engine
