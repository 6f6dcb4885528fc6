#include "worker/runner/settings.h"

#include <dlfcn.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <charconv>

namespace eida::runner {

void SetThreads(int threads) {
  at::set_num_interop_threads(1);
  at::set_num_threads(threads);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
  at::globalContext().setDeterministicFillUninitializedMemory(
      false);  // costs a pass over every new tensor
  at::globalContext().setBenchmarkCuDNN(false);
}

Status OpenDevice(const std::string& device) {
  if (device == "cpu") return OkStatus();
  int index = -1;
  const std::string prefix = "cuda:";
  const char* end = device.data() + device.size();
  if (device.compare(0, prefix.size(), prefix) != 0 ||
      std::from_chars(device.data() + prefix.size(), end, index).ptr != end || index < 0) {
    return InvalidArgument("slot.device \"" + device + "\": it is cpu or cuda:<number>");
  }
  // RTLD_GLOBAL: the library registers its kernels with the libtorch that is already here.
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return InvalidArgument("slot.device " + device + ": libtorch's CUDA library does not load (" +
                           ::dlerror() + ")");
  }
  const int64_t devices =
      torch::cuda::is_available() ? static_cast<int64_t>(torch::cuda::device_count()) : 0;
  if (index >= devices) {
    return InvalidArgument("slot.device " + device + ": this process sees " +
                           std::to_string(devices) + " CUDA devices");
  }
  return OkStatus();
}

std::string VersionText() { return EIDA_VERSION " (libtorch " TORCH_VERSION ")"; }

}  // namespace eida::runner
