#include "worker/engine/train/evaluate.h"

#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <span>

#include "common/base/text.h"

namespace eida::engine {

Result<at::ScalarType> ReadPrecision(const Json& json, const std::string& what) {
  const auto precision = GetOr<std::string>(json, "precision", "fp32");
  if (precision == "fp32") return at::kFloat;
  if (precision == "bf16") return at::kBFloat16;
  if (precision == "fp16") return at::kHalf;
  return ConfigError(what + ": precision \"" + precision + "\" is none of fp32, bf16, fp16");
}

Result<Numerics> ReadNumerics(const Json& json, const std::string& what) {
  Numerics numerics;
  EIDA_ASSIGN_OR_RETURN(numerics.compute, ReadPrecision(json, what));
  numerics.batch_size = GetOr<int64_t>(json, "batch_size", 64);
  if (numerics.batch_size < 1) return ConfigError(what + ": batch_size is below 1");
  const auto batching = GetOr<std::string>(json, "batching", "bucketed");
  if (batching != "bucketed" && batching != "padded") {
    return ConfigError(what + ": batching \"" + batching + "\" is neither padded nor bucketed");
  }
  numerics.bucketed = batching == "bucketed";
  numerics.label_smoothing = GetOr<double>(json, "label_smoothing", 0);
  if (!(numerics.label_smoothing >= 0 && numerics.label_smoothing < 1))
    return ConfigError(what + ": label_smoothing lies outside [0, 1)");
  const auto loss = GetOr<std::string>(json, "loss", "loss");
  numerics.compare_smoothed = loss == "loss_smoothed";
  if ((loss != "loss" && !numerics.compare_smoothed) ||
      (numerics.compare_smoothed && numerics.label_smoothing == 0))
    return ConfigError(what + ": loss \"" + loss +
                       "\" is neither loss nor, with label_smoothing, loss_smoothed");
  return numerics;
}

std::vector<std::vector<int64_t>> EvalBatches(const Examples& examples, const Numerics& numerics) {
  std::vector<int64_t> order(static_cast<size_t>(examples.size()));
  std::iota(order.begin(), order.end(), 0);
  if (numerics.bucketed) {
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return examples.length(a) > examples.length(b); });
  }
  std::vector<std::vector<int64_t>> batches;
  for (size_t begin = 0; begin < order.size(); begin += static_cast<size_t>(numerics.batch_size)) {
    const size_t end = std::min(order.size(), begin + static_cast<size_t>(numerics.batch_size));
    batches.emplace_back(order.begin() + static_cast<int64_t>(begin),
                         order.begin() + static_cast<int64_t>(end));
  }
  return batches;
}

namespace {

std::atomic<int64_t> models_passed{0}, items_passed{0};

void CountPass(int64_t items) {
  ++models_passed;
  items_passed += items;
}

Status CheckHead(const Base& base, const Weights& weights) {
  for (const std::string& name : base.missing) {
    if (weights.count(name) == 0) {
      return ConfigError("neither the base model nor the trained weights have " + name +
                         ": the weights are not a run of this model");
    }
  }
  for (const auto& [name, tensor] : weights) {
    for (const Parameter& p : base.model->parameters()) {
      if (p.name == name && tensor.sizes().vec() != p.shape) {
        return ConfigError(
            "the trained tensor " + name +
            " does not have the model's shape: the weights are not a run of this model");
      }
    }
  }
  return OkStatus();
}

// [items, T]: each row averages its item's tokens that the tokenizer did not add.
at::Tensor MeanRows(const TokenSpans& tokens, const std::vector<int64_t>& which,
                    const Sequences& rows) {
  at::Tensor mean = at::zeros({rows.items(), rows.tokens()}, at::kFloat);
  for (size_t i = 0; i < which.size(); ++i) {
    const int64_t from = tokens.starts[which[i]], length = tokens.starts[which[i] + 1] - from;
    int64_t real = 0;
    for (int64_t p = 0; p < length; ++p) real += tokens.special[from + p] == 0;
    for (int64_t p = 0; p < length; ++p) {
      if (real == 0 || tokens.special[from + p] == 0) {
        mean.data_ptr<float>()[static_cast<int64_t>(i) * rows.tokens() + rows.starts[i] + p] =
            1.0f / static_cast<float>(real == 0 ? length : real);
      }
    }
  }
  return mean;
}

at::Tensor AsTensor(std::span<const int64_t> values) {
  return torch::tensor(at::IntArrayRef(values.data(), values.size()), at::kLong);
}

}  // namespace

Passes PassesSoFar() { return {models_passed.load(), items_passed.load()}; }

Result<EvalResult> EvaluateWeights(const Base& base, const Weights& weights,
                                   const Examples& examples, const Numerics& numerics) {
  EIDA_RETURN_IF_ERROR(CheckHead(base, weights));
  const at::NoGradGuard no_grad;
  Context context(numerics.compute);
  context.SetFrozen(&base.weights, &base.casts);
  const Tensors tensors{&weights, &base.weights};
  CountPass(examples.size());
  EvalResult result;
  const int64_t n = examples.size();
  result.item = AsTensor(examples.items);
  const bool classifies = !base.model->generates();
  result.label = classifies ? AsTensor(examples.labels) : at::zeros({n}, at::kLong);
  result.loss = at::empty({n}, at::kFloat);
  if (!classifies) result.count = at::empty({n}, at::kFloat);
  if (numerics.label_smoothing > 0) result.loss_smoothed = at::empty({n}, at::kFloat);
  result.compare_smoothed = numerics.compare_smoothed;
  result.logits = at::empty({n, classifies ? base.labels : 0}, at::kFloat);
  for (const std::vector<int64_t>& which : EvalBatches(examples, numerics)) {
    const Batch batch = MakeBatch(examples, which, base.device);
    const Losses losses =
        EvaluationLossesOf(*base.model, tensors, batch, context, numerics.label_smoothing);
    const at::Tensor place = torch::tensor(which, at::kLong);
    const auto mean = [&](const at::Tensor& sums) {
      return (classifies ? sums : sums / losses.count.clamp_min(1)).cpu();
    };
    if (classifies) result.logits.index_copy_(0, place, losses.logits.cpu());
    if (!classifies) result.count.index_copy_(0, place, losses.count.cpu());
    result.loss.index_copy_(0, place, mean(losses.sum));
    if (losses.smoothed.defined())
      result.loss_smoothed.index_copy_(0, place, mean(losses.smoothed));
  }
  if (!at::isfinite(result.loss).all().item<bool>()) {
    const int64_t at = at::nonzero(at::isfinite(result.loss).logical_not())[0].item<int64_t>();
    return NonfiniteError("the loss of item " + std::to_string(examples.items[at]) +
                          " is not finite: the weights have diverged");
  }
  return result;
}

Result<std::map<std::string, at::Tensor>> FeaturesOf(const Base& base, const Weights& weights,
                                                     const Examples& examples,
                                                     const Numerics& numerics,
                                                     const std::vector<std::string>& layers) {
  EIDA_RETURN_IF_ERROR(CheckHead(base, weights));
  const std::vector<std::string> known = base.model->layers();
  std::map<std::string, std::string> asked;  // as named by the caller -> by the model
  for (const std::string& layer : layers) {
    const std::string name = layer == "last" ? known.back() : layer;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return ConfigError("this model has no layer \"" + layer + "\" (it has: last, " +
                         Join(known, ", ") + ")");
    }
    asked[layer] = name;
  }
  const at::NoGradGuard no_grad;
  const Tensors tensors{&weights, &base.weights};
  CountPass(examples.size());
  std::map<std::string, at::Tensor> features;
  std::vector<std::string> wanted;
  for (const auto& [layer, name] : asked) {
    if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) wanted.push_back(name);
  }
  Context context(numerics.compute);
  context.SetFrozen(&base.weights, &base.casts);
  for (const std::vector<int64_t>& which : EvalBatches(examples, numerics)) {
    const Batch batch = MakeBatch(examples, which, base.device);
    const at::Tensor mean = MeanRows(examples.tokens, which, batch).to(base.device),
                     decoded =
                         examples.decoder.size() == 0
                             ? mean
                             : MeanRows(examples.decoder, which, batch.decoder).to(base.device);
    const at::Tensor place = torch::tensor(which, at::kLong);
    context.Probe(wanted, [&](const std::string& name, const at::Tensor& output) {
      at::Tensor& all = features[name];
      if (!all.defined()) all = at::empty({examples.size(), output.size(1)}, at::kFloat);
      const bool of_decoder = name.rfind("decoder.", 0) == 0;
      all.index_copy_(0, place, at::mm(of_decoder ? decoded : mean, output).cpu());
    });
    Pass(*base.model, tensors, batch, context);
  }
  std::map<std::string, at::Tensor> result;
  for (const auto& [layer, name] : asked) result[layer] = features.at(name);
  return result;
}

}  // namespace eida::engine
