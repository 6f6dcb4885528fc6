#include "worker/engine/nn/vocabulary.h"

#include <torch/torch.h>

#include <algorithm>

#include "worker/engine/nn/product.h"

namespace eida::engine::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr int64_t kLogits = 1 << 23;  // at a time

// The gradient of a row's loss by its logits, in place of the logits.
at::Tensor Slopes(at::Tensor z, const at::Tensor& lse, const at::Tensor& labels, double smoothing) {
  const int64_t n = z.size(1);
  z.sub_(lse.unsqueeze(1)).exp_();
  if (smoothing > 0) z.sub_(smoothing / static_cast<double>(n));
  return z.scatter_add_(1, labels.unsqueeze(1),
                        at::full({z.size(0), 1}, smoothing - 1, z.options()));
}

at::Tensor LossOf(const at::Tensor& z, const at::Tensor& lse, const at::Tensor& labels,
                  double smoothing) {
  at::Tensor value = lse - (1 - smoothing) * z.gather(1, labels.unsqueeze(1)).squeeze(1);
  if (smoothing > 0) value = value - smoothing * z.mean(1);
  return value;
}

struct VocabularyLossFunction : Function<VocabularyLossFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& states,
                            const at::Tensor& weight, const std::optional<at::Tensor>& given_bias,
                            const at::Tensor& labels, double smoothing, bool states_need,
                            bool weight_needs) {
    const at::Tensor bias = given_bias.value_or(at::Tensor());
    const at::Tensor loss = at::empty({states.size(0)}, states.options().dtype(at::kFloat));
    const at::Tensor sums = at::empty_like(loss);
    const bool now = states_need && !weight_needs;
    const at::Tensor slope = now ? at::empty_like(states) : at::Tensor();
    ForLogits(states, weight, bias, [&](int64_t begin, at::Tensor z) {
      const int64_t n = z.size(0);
      const at::Tensor own = labels.narrow(0, begin, n), lse = at::logsumexp(z, 1);
      loss.narrow(0, begin, n).copy_(LossOf(z, lse, own, smoothing));
      sums.narrow(0, begin, n).copy_(lse);
      if (!now) return;
      const at::Tensor dz = Slopes(std::move(z), lse, own, smoothing).to(states.scalar_type());
      slope.narrow(0, begin, n).copy_(Linear(dz, weight.t(), {}));
    });
    ctx->saved_data["smoothing"] = smoothing;
    ctx->saved_data["now"] = now;
    ctx->saved_data["bias"] = bias.defined();
    if (now) {
      ctx->save_for_backward({slope});
    } else if (weight_needs) {
      ctx->save_for_backward({states, weight, bias, labels, sums});
    }
    return loss;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor up = grads[0].unsqueeze(1);
    variable_list result(7);
    if (ctx->saved_data["now"].toBool()) {
      result[0] = saved[0] * up.to(saved[0].scalar_type());
      return result;
    }
    const at::Tensor &states = saved[0], &weight = saved[1], &bias = saved[2], &labels = saved[3],
                     &sums = saved[4];
    const double smoothing = ctx->saved_data["smoothing"].toDouble();
    const at::Tensor dstates = at::empty_like(states),
                     dweight = at::zeros(weight.sizes(), weight.options().dtype(at::kFloat));
    const at::Tensor dbias =
        bias.defined() ? at::zeros(bias.sizes(), dweight.options()) : at::Tensor();
    ForLogits(states, weight, bias, [&](int64_t begin, at::Tensor z) {
      const int64_t n = z.size(0);
      const at::Tensor wide =
          Slopes(std::move(z), sums.narrow(0, begin, n), labels.narrow(0, begin, n), smoothing)
              .mul_(up.narrow(0, begin, n));
      const at::Tensor dz = wide.to(states.scalar_type());
      dstates.narrow(0, begin, n).copy_(Linear(dz, weight.t(), {}));
      dweight.addmm_(wide.t(), states.narrow(0, begin, n).to(at::kFloat));
      if (dbias.defined()) dbias.add_(wide.sum(0));
    });
    result[0] = dstates;
    result[1] = dweight.to(weight.scalar_type());
    if (dbias.defined()) result[2] = dbias.to(bias.scalar_type());
    return result;
  }
};

}  // namespace

void ForLogits(const at::Tensor& states, const at::Tensor& weight, const at::Tensor& bias,
               const std::function<void(int64_t begin, at::Tensor logits)>& body) {
  const int64_t rows = states.size(0), step = std::max<int64_t>(1, kLogits / weight.size(0));
  for (int64_t begin = 0; begin < rows; begin += step) {
    const at::Tensor part = states.narrow(0, begin, std::min(step, rows - begin));
    body(begin, Linear(part, weight, bias).to(at::kFloat));
  }
}

at::Tensor VocabularyLoss(const at::Tensor& states, const at::Tensor& weight,
                          const at::Tensor& bias, const at::Tensor& labels, double smoothing) {
  const bool recording = at::GradMode::is_enabled();
  const auto needs = [&](const at::Tensor& x) {
    return recording && x.defined() && x.requires_grad();
  };
  return VocabularyLossFunction::apply(
      states, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt, labels,
      smoothing, needs(states), needs(weight) || needs(bias));
}

TwoLosses PlainAndSmoothed(const at::Tensor& states, const at::Tensor& weight,
                           const at::Tensor& bias, const at::Tensor& labels, double smoothing) {
  const at::NoGradGuard no_grad;
  const at::Tensor plain = at::empty({states.size(0)}, states.options().dtype(at::kFloat));
  const at::Tensor smoothed = at::empty_like(plain);
  ForLogits(states, weight, bias, [&](int64_t begin, at::Tensor z) {
    const int64_t n = z.size(0);
    const at::Tensor own = labels.narrow(0, begin, n), lse = at::logsumexp(z, 1);
    plain.narrow(0, begin, n).copy_(LossOf(z, lse, own, 0));
    smoothed.narrow(0, begin, n).copy_(LossOf(z, lse, own, smoothing));
  });
  return {plain, smoothed};
}

}  // namespace eida::engine::nn
