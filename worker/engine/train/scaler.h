// Dynamic scaling of the loss, so that small gradients survive fp16: torch.amp.GradScaler's rule.
#pragma once

#include <cstdint>

namespace eida::engine {

struct ScalerState {
  double scale = 65536;    // what the loss is multiplied by
  int64_t good_steps = 0;  // in a row, since the scale last changed
};

// After a step whose gradients were finite the scale doubles every kGrowthInterval such steps in a
// row; after one whose gradients were not it halves (and that step is skipped).
class LossScaler {
 public:
  static constexpr double kGrowth = 2.0, kBackoff = 0.5;
  static constexpr int64_t kGrowthInterval = 2000;
  // Below this the run has diverged, whatever the scale.
  static constexpr double kFloor = 1e-4;

  explicit LossScaler(const ScalerState& state = {}, int64_t growth_interval = kGrowthInterval)
      : state_(state), growth_interval_(growth_interval) {}
  double scale() const { return state_.scale; }
  const ScalerState& state() const { return state_; }
  void Update(bool finite);
  bool exhausted() const { return state_.scale < kFloor; }

 private:
  ScalerState state_;
  int64_t growth_interval_;
};

}  // namespace eida::engine
