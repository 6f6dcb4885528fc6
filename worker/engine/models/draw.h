// Random numbers for parameters that no checkpoint has.
#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>
#include <vector>

namespace eida::engine {

// N(0, spread^2) on the CPU, fp32; equal on every machine. `purpose`: of the stream of numbers
// (common/base/rng.h).
at::Tensor DrawNormal(const std::vector<int64_t>& shape, double spread, uint64_t seed,
                      std::string_view purpose);

}  // namespace eida::engine
