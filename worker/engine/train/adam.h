// Adam and AdamW, step for step as torch.optim has them; gradients are clipped by their global
// norm.
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
class Adam {
 public:
  // What Decays() refuses is never decayed.
  Adam(const AdamSettings& settings, const Weights& parameters);

  // Norm of all gradients together, in double. A parameter without one counts as 0.
  double GradNorm();
  // The first parameter by name whose gradient holds NaN or infinity; "" = none.
  std::string FirstNonfinite() const;
  // One update with the gradients times `grad_scale`, which are then dropped. Parameters without a
  // gradient stay.
  void Step(double lr, double grad_scale);
  void DropGradients();
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
  AdamSettings s_;
  std::vector<Slot> slots_;
  int64_t steps_ = 0;

  void StepOnDevice(double lr, double grad_scale);
  void StepRows(const AdamStep& step, const at::Tensor& grad, Slot& slot) const;
};

// Whether weight decay applies to a parameter of that name: not to biases, nor to the weights of
// any family's normalisation (LayerNorm, layer_norm, ln_1, ..), as transformers' Trainer groups
// them.
bool Decays(const std::string& name);

// The factor of torch.nn.utils.clip_grad_norm_: min(1, limit / (norm + 1e-6)); 1 without a limit.
double ClipFactor(double norm, double limit);

}  // namespace eida::engine
