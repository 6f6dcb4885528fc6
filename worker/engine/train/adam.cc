#include "worker/engine/train/adam.h"

#include <torch/torch.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "common/base/text.h"
#include "worker/engine/nn/kernels.h"
#include "worker/engine/nn/parallel.h"

namespace eida::engine {
namespace {

constexpr int64_t kGrain = 1 << 16;

// The numbers of a gradient, dense or sparse, in one piece.
at::Tensor Flat(const at::Tensor& grad) {
  return (grad.is_sparse() ? grad._values() : grad).contiguous();
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

bool Decays(const std::string& name) {
  std::string lower = name;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const char* part : {"bias", "layernorm", "rmsnorm"}) {
    if (lower.find(part) != std::string::npos) return false;
  }
  for (const std::string& module : Split(lower, '.')) {
    if (module == "norm" || EndsWith(module, "_norm") || module.rfind("ln_", 0) == 0) return false;
  }
  return true;
}

double ClipFactor(double norm, double limit) {
  return limit > 0 ? std::min(1.0, limit / (norm + 1e-6)) : 1.0;
}

Adam::Adam(const AdamSettings& settings, const Weights& parameters) : s_(settings) {
  for (const auto& [name, tensor] : parameters) {
    slots_.push_back({name, tensor, at::zeros_like(tensor), at::zeros_like(tensor), Decays(name)});
  }
}

double Adam::GradNorm() {
  double total = 0;
  for (Slot& slot : slots_) {
    at::Tensor& grad = slot.parameter.mutable_grad();
    if (!grad.defined()) continue;
    if (grad.is_sparse()) grad = grad.coalesce();
    if (!grad.is_cpu()) {
      total += at::sum(at::square(grad.to(at::kDouble))).item<double>();
      continue;
    }
    const at::Tensor flat = Flat(grad);
    const int parts = PartsFor(flat.numel(), kGrain);
    std::vector<double> sums(static_cast<size_t>(parts));
    ForRows(flat.numel(), kGrain, [&](int64_t b, int64_t e, int part) {
      sums[part] = CpuKernels().square_sum(flat.data_ptr<float>() + b, e - b);
    });
    for (const double sum : sums) total += sum;
  }
  return std::sqrt(total);
}

std::string Adam::FirstNonfinite() const {
  for (const Slot& slot : slots_) {
    const at::Tensor& grad = slot.parameter.grad();
    if (grad.defined() && !at::isfinite(Flat(grad)).all().item<bool>()) return slot.name;
  }
  return "";
}

void Adam::DropGradients() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad().reset();
}

void Adam::Step(double lr, double grad_scale) {
  ++steps_;
  if (!slots_.empty() && !slots_.front().parameter.is_cpu()) return StepOnDevice(lr, grad_scale);
  const auto kernel = s_.decoupled ? CpuKernels().adamw : CpuKernels().adam;
  const double t = static_cast<double>(steps_);
  AdamStep step{};
  step.lr = static_cast<float>(lr);
  step.eps = static_cast<float>(s_.eps);
  step.beta2 = static_cast<float>(s_.beta2);
  step.rest1 = static_cast<float>(1.0 - s_.beta1);
  step.rest2 = static_cast<float>(1.0 - s_.beta2);
  step.bias1 = static_cast<float>(1.0 - std::pow(s_.beta1, t));
  step.bias2_sqrt = static_cast<float>(std::sqrt(1.0 - std::pow(s_.beta2, t)));
  step.grad_scale = static_cast<float>(grad_scale);
  for (Slot& slot : slots_) {
    at::Tensor& grad = slot.parameter.mutable_grad();
    if (!grad.defined()) continue;
    step.weight_decay = slot.decays ? static_cast<float>(s_.weight_decay) : 0;
    if (grad.is_sparse() || !slot.touched.empty()) {
      StepRows(step, grad, slot);
      grad.reset();
      continue;
    }
    const at::Tensor flat = Flat(grad);
    ForRows(flat.numel(), kGrain, [&](int64_t b, int64_t e, int) {
      kernel(step, flat.data_ptr<float>() + b, slot.parameter.data_ptr<float>() + b,
             slot.avg.data_ptr<float>() + b, slot.avg_sq.data_ptr<float>() + b, e - b);
    });
    grad.reset();
  }
}

void Adam::StepRows(const AdamStep& step, const at::Tensor& grad, Slot& slot) const {
  const auto kernel = s_.decoupled ? CpuKernels().adamw : CpuKernels().adam;
  const int64_t rows = slot.parameter.size(0),
                n = slot.parameter.numel() / std::max<int64_t>(1, rows);
  if (slot.touched.empty()) {
    // Moments that a checkpoint brought tell which rows had a gradient.
    const at::Tensor moved = at::ne(slot.avg.view({rows, n}), 0)
                                 .any(1)
                                 .logical_or(at::ne(slot.avg_sq.view({rows, n}), 0).any(1));
    const bool* flags = moved.data_ptr<bool>();
    slot.touched.assign(flags, flags + rows);
    // Decay that is part of the gradient moves every row.
    if (!s_.decoupled && step.weight_decay != 0)
      slot.touched.assign(static_cast<size_t>(rows), true);
  }
  std::vector<int64_t> place(static_cast<size_t>(rows), grad.is_sparse() ? -1 : 0);
  if (grad.is_sparse()) {
    const at::Tensor indices = grad.indices()[0].contiguous();
    for (int64_t i = 0; i < indices.numel(); ++i)
      place[static_cast<size_t>(indices.data_ptr<int64_t>()[i])] = i;
  } else {
    for (int64_t row = 0; row < rows; ++row) place[static_cast<size_t>(row)] = row;
  }
  for (int64_t row = 0; row < rows; ++row) {
    if (place[static_cast<size_t>(row)] >= 0) slot.touched[static_cast<size_t>(row)] = true;
  }
  const at::Tensor values = Flat(grad);
  const std::vector<float> zeros(static_cast<size_t>(n));
  const float decay = 1.0f - step.lr * step.weight_decay;
  float *parameter = slot.parameter.data_ptr<float>(), *avg = slot.avg.data_ptr<float>(),
        *avg_sq = slot.avg_sq.data_ptr<float>();
  ForRows(rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n)),
          [&](int64_t begin, int64_t end, int) {
            for (int64_t row = begin; row < end; ++row) {
              const int64_t at = row * n, from = place[static_cast<size_t>(row)];
              if (slot.touched[static_cast<size_t>(row)]) {
                const float* gradient =
                    from < 0 ? zeros.data() : values.data_ptr<float>() + from * n;
                kernel(step, gradient, parameter + at, avg + at, avg_sq + at, n);
              } else if (decay != 1.0f) {
                for (int64_t j = 0; j < n; ++j) parameter[at + j] *= decay;
              }
            }
          });
}

void Adam::StepOnDevice(double lr, double grad_scale) {
  const at::NoGradGuard no_grad;
  for (const bool decays : {false, true}) {
    std::vector<at::Tensor> parameters, grads, avgs, squares, steps;
    for (Slot& slot : slots_) {
      if (slot.decays != decays || !slot.parameter.grad().defined()) continue;
      const at::Tensor& grad = slot.parameter.grad();
      parameters.push_back(slot.parameter);
      grads.push_back((grad.is_sparse() ? grad.to_dense() : grad) * grad_scale);
      avgs.push_back(slot.avg);
      squares.push_back(slot.avg_sq);
      // The operation counts the step itself.
      steps.push_back(at::full({}, static_cast<double>(steps_ - 1), slot.avg.options()) + 1);
      slot.parameter.mutable_grad().reset();
    }
    if (parameters.empty()) continue;
    const double decay = decays ? s_.weight_decay : 0.0;
    if (s_.decoupled) {
      at::_fused_adamw_(parameters, grads, avgs, squares, {}, steps, lr, s_.beta1, s_.beta2, decay,
                        s_.eps, false, false);
    } else {
      at::_fused_adam_(parameters, grads, avgs, squares, {}, steps, lr, s_.beta1, s_.beta2, decay,
                       s_.eps, false, false);
    }
  }
}

Weights Adam::ExpAvg() const {
  Weights moments;
  for (const Slot& slot : slots_) moments[slot.name] = slot.avg;
  return moments;
}

Weights Adam::ExpAvgSq() const {
  Weights moments;
  for (const Slot& slot : slots_) moments[slot.name] = slot.avg_sq;
  return moments;
}

Status Adam::Restore(const Weights& exp_avg, const Weights& exp_avg_sq, int64_t steps) {
  for (Slot& slot : slots_) {
    slot.touched.clear();
    const auto avg = exp_avg.find(slot.name), square = exp_avg_sq.find(slot.name);
    if (avg == exp_avg.end() || square == exp_avg_sq.end() ||
        avg->second.sizes() != slot.avg.sizes() || square->second.sizes() != slot.avg.sizes()) {
      return ConfigError("the checkpoint's optimizer state does not fit " + slot.name);
    }
    slot.avg.copy_(avg->second);
    slot.avg_sq.copy_(square->second);
  }
  steps_ = steps;
  return OkStatus();
}

}  // namespace eida::engine
