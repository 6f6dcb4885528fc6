#include "worker/engine/models/draw.h"

#include <torch/torch.h>

#include <cmath>

#include "common/base/rng.h"

namespace eida::engine {

at::Tensor DrawNormal(const std::vector<int64_t>& shape, double spread, uint64_t seed,
                      std::string_view purpose) {
  at::Tensor tensor = at::empty(shape, at::kFloat);
  Rng rng(seed, purpose);
  float* data = tensor.data_ptr<float>();
  for (int64_t i = 0; i < tensor.numel(); ++i) {  // Box and Muller, one of each pair
    const double radius = std::sqrt(-2.0 * std::log(1.0 - rng.Unit()));
    data[i] = static_cast<float>(spread * radius * std::cos(6.283185307179586 * rng.Unit()));
  }
  return tensor;
}

}  // namespace eida::engine
