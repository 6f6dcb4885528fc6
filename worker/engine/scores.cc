// Per-item results as numbers and as files.
#include <torch/torch.h>

#include "worker/engine/study.h"

namespace eida::engine {

Scores Score(const EvalResult& result) {
  Scores scores;
  scores.n = result.loss.numel();
  if (scores.n == 0) return scores;
  const at::Tensor loss = result.loss.to(at::kDouble).contiguous(),
                   label = result.label.contiguous();
  scores.classified = result.logits.size(1) > 0;
  const at::Tensor guess =
      scores.classified ? result.logits.argmax(1).contiguous() : at::full_like(label, -1);
  const at::Tensor count = result.count.defined() ? result.count.contiguous() : at::Tensor();
  const float* counts = count.defined() ? count.data_ptr<float>() : nullptr;
  const double* losses = loss.data_ptr<double>();
  const int64_t* labels = label.data_ptr<int64_t>();
  const int64_t* guesses = guess.data_ptr<int64_t>();
  double sum = 0, weight = 0;
  int64_t right = 0, true_positive = 0, positive_guesses = 0, positives = 0;
  for (int64_t i = 0; i < scores.n; ++i) {
    const double own = counts == nullptr ? 1.0 : counts[i];
    sum += own * losses[i];
    weight += own;
    right += labels[i] == guesses[i];
    true_positive += labels[i] == 1 && guesses[i] == 1;
    positive_guesses += guesses[i] == 1;
    positives += labels[i] == 1;
  }
  scores.loss = sum / weight;
  scores.accuracy = static_cast<double>(right) / static_cast<double>(scores.n);
  const int64_t both = positive_guesses + positives;
  scores.f1 = both == 0 ? 0 : 2.0 * static_cast<double>(true_positive) / static_cast<double>(both);
  return scores;
}

Json ToJson(const Scores& scores) {
  if (!scores.classified) return {{"loss", scores.loss}, {"n", scores.n}};
  return {{"loss", scores.loss}, {"accuracy", scores.accuracy}, {"f1", scores.f1}, {"n", scores.n}};
}

Status WriteEval(const EvalResult& result, const std::string& path) {
  Weights tensors = {{"item", result.item},
                     {"label", result.label},
                     {"loss", result.loss},
                     {"logits", result.logits}};
  if (result.count.defined()) tensors["count"] = result.count;
  return WriteSafetensors(tensors, {{"format", "pt"}, {"eida.format", "eida/eval/v1"}}, path);
}

Result<EvalResult> ReadEval(const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(const Weights tensors, ReadSafetensors(path));
  for (const char* name : {"item", "label", "loss", "logits"}) {
    if (tensors.count(name) == 0)
      return ConfigError(path + " is not an eval artifact: it has no tensor \"" + name + "\"");
  }
  const auto count = tensors.find("count");
  EvalResult result{tensors.at("item"), tensors.at("label"), tensors.at("loss"),
                    tensors.at("logits"), count == tensors.end() ? at::Tensor() : count->second};
  const int64_t n = result.item.numel();
  const bool fits = result.item.dim() == 1 && result.label.sizes() == result.item.sizes() &&
                    result.loss.sizes() == result.item.sizes() && result.logits.dim() == 2 &&
                    result.logits.size(0) == n && result.item.scalar_type() == at::kLong &&
                    result.label.scalar_type() == at::kLong &&
                    result.loss.scalar_type() == at::kFloat &&
                    result.logits.scalar_type() == at::kFloat;
  if (!fits)
    return ConfigError(path + " is not an eval artifact: its tensors do not fit one another");
  return result;
}

}  // namespace eida::engine
