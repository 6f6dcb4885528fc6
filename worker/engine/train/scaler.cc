#include "worker/engine/train/scaler.h"

#include <cmath>
#include <limits>

namespace eida::engine {

void LossScaler::Update(bool finite) {
  if (!finite) {
    state_.scale *= kBackoff;
    state_.good_steps = 0;
    return;
  }
  if (++state_.good_steps < growth_interval_) return;
  state_.good_steps = 0;
  // The loss is fp32: a scale beyond it would make every step infinite.
  const double grown = state_.scale * kGrowth;
  if (grown <= static_cast<double>(std::numeric_limits<float>::max())) state_.scale = grown;
}

}  // namespace eida::engine
