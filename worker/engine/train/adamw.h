// AdamW with decoupled weight decay, step for step as torch.optim.AdamW; gradients are clipped by
// their global norm.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "worker/engine/nn/kernels.h"
#include "worker/engine/study.h"
#include "worker/engine/train/settings.h"

namespace eida::engine {

// Not thread-safe. Borrows the parameters' memory and their .grad, dense or sparse by rows: the
// numbers are the same.
class AdamW {
 public:
  // Biases and LayerNorm weights are never decayed.
  AdamW(const AdamWSettings& settings, const Weights& parameters);

  // Norm of all gradients together, in double. A parameter without one counts as 0.
  double GradNorm();
  // One update with the gradients times `grad_scale`, which are then dropped. Parameters without a
  // gradient stay.
  void Step(double lr, double grad_scale);
  int64_t steps() const { return steps_; }

  // Moments by parameter name; Restore takes what these gave. Missing names or other shapes are a
  // ConfigError.
  Weights ExpAvg() const;
  Weights ExpAvgSq() const;
  Status Restore(const Weights& exp_avg, const Weights& exp_avg_sq, int64_t steps);

 private:
  struct Slot {
    std::string name;
    at::Tensor parameter, avg, avg_sq;
    bool decays;
    // Rows that have had a gradient, once a sparse one came. The others have no moments: they only
    // decay.
    std::vector<bool> touched;
  };
  AdamWSettings s_;
  std::vector<Slot> slots_;
  int64_t steps_ = 0;

  void StepOnDevice(double lr, double grad_scale);
  static void StepRows(const AdamWStep& step, const at::Tensor& grad, Slot& slot);
};

// The factor of torch.nn.utils.clip_grad_norm_: min(1, limit / (norm + 1e-6)); 1 without a limit.
double ClipFactor(double norm, double limit);

}  // namespace eida::engine
