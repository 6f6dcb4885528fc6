#include "worker/analysis/soups/combine.h"

#include <torch/torch.h>

#include <cmath>

namespace eida::analysis {

void WeightedSum::Add(const engine::Weights& weights, double coefficient) {
  if (coefficient == 0) return;
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : weights) {
    const at::Tensor part = tensor.to(torch::kDouble) * coefficient;
    auto [it, fresh] = sums_.try_emplace(name, part);
    if (!fresh) it->second += part;
    present_[name] += coefficient;
  }
  total_ += coefficient;
}

Result<engine::Weights> WeightedSum::Take(engine::Study& study) const {
  const torch::NoGradGuard no_grad;
  engine::Weights taken;
  for (const auto& [name, sum] : sums_) {
    at::Tensor whole = sum;
    const double missing = total_ - present_.at(name);
    if (std::abs(missing) > 1e-12) {
      EIDA_ASSIGN_OR_RETURN(const at::Tensor base, study.BaseTensor(name));
      whole = sum + base.to(torch::kDouble) * missing;
    }
    taken[name] = whole.to(torch::kFloat);
  }
  return taken;
}

Result<engine::Weights> CombineMembers(engine::Study& study, const std::vector<std::string>& paths,
                                       const std::vector<double>& coefficients) {
  WeightedSum sum;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (coefficients[i] == 0) continue;
    EIDA_ASSIGN_OR_RETURN(const engine::Weights member, study.LoadMember(paths[i]));
    sum.Add(member, coefficients[i]);
  }
  return sum.Take(study);
}

Result<engine::EvalResult> EnsembleLogits(const std::vector<engine::EvalResult>& members) {
  const torch::NoGradGuard no_grad;
  if (members.empty()) return engine::DataError("an ensemble needs at least one member");
  at::Tensor sum = torch::zeros_like(members[0].logits, torch::kDouble);
  for (size_t i = 0; i < members.size(); ++i) {
    if (!torch::equal(members[i].item, members[0].item) ||
        !members[i].logits.sizes().equals(sum.sizes())) {
      return engine::DataError("members 0 and " + std::to_string(i) +
                               " were evaluated on different items");
    }
    sum += members[i].logits;
  }
  const at::Tensor logits = sum / static_cast<double>(members.size());
  const at::Tensor chosen =
      torch::log_softmax(logits, 1).gather(1, members[0].label.unsqueeze(1)).squeeze(1);
  return engine::EvalResult{members[0].item, members[0].label, (-chosen).to(torch::kFloat),
                            logits.to(torch::kFloat), members[0].count};
}

}  // namespace eida::analysis
