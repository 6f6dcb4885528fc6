// The kernels for one instruction set; CMakeLists.txt gives this file its compiler options.
#define EIDA_KERNEL_SPACE avx2_kernels
#include "worker/engine/nn/kernels_body.h"

namespace eida::engine {
const Kernels& Avx2Kernels() {
  static const Kernels kernels = avx2_kernels::MakeKernels("avx2");
  return kernels;
}
}  // namespace eida::engine
