// Per-item results as numbers and as files.
#include <torch/torch.h>

#include "worker/engine/metrics/metric.h"
#include "worker/engine/study.h"

namespace eida::engine {

namespace {

template <class T>
std::vector<T> Numbers(const at::Tensor& tensor, at::ScalarType type) {
  const at::Tensor plain = tensor.to(type).contiguous();
  return {plain.data_ptr<T>(), plain.data_ptr<T>() + plain.numel()};
}

Measured MeasuredOf(const EvalResult& result) {
  Measured out;
  out.loss = Numbers<double>(result.loss, at::kDouble);
  if (result.loss_smoothed.defined())
    out.loss_smoothed = Numbers<double>(result.loss_smoothed, at::kDouble);
  out.count = result.count.defined() ? Numbers<double>(result.count, at::kDouble)
                                     : std::vector<double>(out.loss.size(), 1.0);
  out.classes = result.logits.size(1);
  if (out.classes == 0 || out.loss.empty()) return out;
  out.label = Numbers<int64_t>(result.label, at::kLong);
  out.guess = Numbers<int64_t>(result.logits.argmax(1), at::kLong);
  return out;
}

}  // namespace

Scores Score(const EvalResult& result) {
  Scores scores;
  scores.n = result.loss.numel();
  if (scores.n == 0) return scores;
  scores.classified = result.logits.size(1) > 0;
  for (const auto& [id, value] : MetricsOf(MeasuredOf(result))) {
    (id == "loss"       ? scores.loss
     : id == "accuracy" ? scores.accuracy
     : id == "f1"       ? scores.f1
                        : scores.more[id]) = value;
  }
  return scores;
}

Json ToJson(const Scores& scores) {
  Json json = {{"loss", scores.loss}, {"n", scores.n}};
  if (scores.classified) json.update({{"accuracy", scores.accuracy}, {"f1", scores.f1}});
  for (const auto& [id, value] : scores.more) json[id] = value;
  return json;
}

EvalResult Compared(EvalResult result) {
  if (result.compare_smoothed && result.loss_smoothed.defined()) result.loss = result.loss_smoothed;
  result.loss_smoothed = at::Tensor();
  result.compare_smoothed = false;
  return result;
}

Status WriteEval(const EvalResult& result, const std::string& path) {
  Weights tensors = {{"item", result.item},
                     {"label", result.label},
                     {"loss", result.loss},
                     {"logits", result.logits}};
  if (result.count.defined()) tensors["count"] = result.count;
  if (result.loss_smoothed.defined()) tensors["loss_smoothed"] = result.loss_smoothed;
  std::map<std::string, std::string> metadata = {{"format", "pt"}, {"eida.format", "eida/eval/v1"}};
  if (result.compare_smoothed) metadata["eida.loss"] = "loss_smoothed";
  return WriteSafetensors(tensors, metadata, path);
}

Result<EvalResult> ReadEval(const std::string& path) {
  std::map<std::string, std::string> metadata;
  EIDA_ASSIGN_OR_RETURN(const Weights tensors, ReadSafetensors(path, &metadata));
  for (const char* name : {"item", "label", "loss", "logits"}) {
    if (tensors.count(name) == 0)
      return ConfigError(path + " is not an eval artifact: it has no tensor \"" + name + "\"");
  }
  const auto optional = [&](const char* name) {
    const auto found = tensors.find(name);
    return found == tensors.end() ? at::Tensor() : found->second;
  };
  EvalResult result{tensors.at("item"),   tensors.at("label"), tensors.at("loss"),
                    tensors.at("logits"), optional("count"),   optional("loss_smoothed")};
  const int64_t n = result.item.numel();
  const bool fits =
      result.item.dim() == 1 && result.label.sizes() == result.item.sizes() &&
      result.loss.sizes() == result.item.sizes() && result.logits.dim() == 2 &&
      result.logits.size(0) == n && result.item.scalar_type() == at::kLong &&
      result.label.scalar_type() == at::kLong && result.loss.scalar_type() == at::kFloat &&
      result.logits.scalar_type() == at::kFloat &&
      (!result.loss_smoothed.defined() || result.loss_smoothed.sizes() == result.item.sizes());
  if (!fits)
    return ConfigError(path + " is not an eval artifact: its tensors do not fit one another");
  result.compare_smoothed =
      metadata.count("eida.loss") > 0 && metadata.at("eida.loss") == "loss_smoothed";
  return Compared(std::move(result));
}

}  // namespace eida::engine
