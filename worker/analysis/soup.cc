#include "worker/analysis/soup.h"

#include <torch/torch.h>

#include <cmath>
#include <set>

#include "common/base/text.h"

namespace eida::analysis {

Result<engine::Weights> CombineMembers(engine::Study& study, const std::vector<std::string>& paths,
                                       const std::vector<double>& coefficients) {
  const torch::NoGradGuard no_grad;
  // Tensor by tensor: what the members that have it contribute, and the weight of those that do not
  // (theirs is the base's).
  std::map<std::string, at::Tensor> sums;
  std::map<std::string, double> present;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (coefficients[i] == 0) continue;
    EIDA_ASSIGN_OR_RETURN(const engine::Weights member, study.LoadMember(paths[i]));
    for (const auto& [name, tensor] : member) {
      const at::Tensor part = tensor.to(torch::kDouble) * coefficients[i];
      auto [it, fresh] = sums.try_emplace(name, part);
      if (!fresh) it->second += part;
      present[name] += coefficients[i];
    }
  }
  double total = 0;
  for (const double coefficient : coefficients) total += coefficient;
  engine::Weights soup;
  for (auto& [name, sum] : sums) {
    const double missing = total - present[name];
    if (std::abs(missing) > 1e-12) {
      EIDA_ASSIGN_OR_RETURN(const at::Tensor base, study.BaseTensor(name));
      sum += base.to(torch::kDouble) * missing;
    }
    soup[name] = sum.to(torch::kFloat);
  }
  return soup;
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

StudyKitchen::StudyKitchen(engine::Study& study, std::vector<std::string> paths, int64_t total,
                           engine::Events& events)
    : study_(study), paths_(std::move(paths)), total_(total), events_(events) {}

Status StudyKitchen::Load(int member) {
  if (loaded_ == member) return OkStatus();
  EIDA_ASSIGN_OR_RETURN(member_, study_.LoadMember(paths_[member]));
  loaded_ = member;
  return OkStatus();
}

Status StudyKitchen::Begin(int member) {
  EIDA_RETURN_IF_ERROR(Load(member));
  soup_ = member_;
  return OkStatus();
}

Result<SoupScore> StudyKitchen::Try(int member, double alpha) {
  if (events_.StopRequested()) return engine::Preempted();
  events_.Progress(done_++, total_, "candidates");
  EIDA_RETURN_IF_ERROR(Load(member));
  EIDA_ASSIGN_OR_RETURN(const engine::EvalResult result,
                        study_.Evaluate(study_.Interpolate(soup_, member_, alpha)));
  const engine::Scores scores = engine::Score(result);
  if (!std::isfinite(scores.loss)) {
    return engine::NonfiniteError("the soup with member " + std::to_string(member) + " at alpha " +
                                  FormatDouble(alpha) + " has a loss that is not finite");
  }
  return SoupScore{scores.loss, scores.accuracy, scores.f1, scores.classified};
}

Status StudyKitchen::Stir(int member, double alpha) {
  EIDA_RETURN_IF_ERROR(Load(member));
  soup_ = study_.Interpolate(soup_, member_, alpha);
  return OkStatus();
}

}  // namespace eida::analysis
