// What is set in the process before the first tensor is made.
#pragma once

#include <string>

#include "common/base/status.h"

namespace eida::runner {

// Threads of one operation; operations run one after another. Results are reproducible for a given
// number.
void SetThreads(int threads);
// Loads libtorch's CUDA half for "cuda:<i>"; nothing for "cpu". InvalidArgument when the device is
// not there.
Status OpenDevice(const std::string& device);
// "0.1.0 (libtorch 2.11.0)"
std::string VersionText();

}  // namespace eida::runner
