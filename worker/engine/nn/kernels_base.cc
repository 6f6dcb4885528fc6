// The kernels for one instruction set; CMakeLists.txt gives this file its compiler options.
#define EIDA_KERNEL_SPACE base_kernels
#include "worker/engine/nn/kernels_body.h"

namespace eida::engine {
const Kernels& BaseKernels() {
  static const Kernels kernels = base_kernels::MakeKernels("base");
  return kernels;
}
}  // namespace eida::engine
