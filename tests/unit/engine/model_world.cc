#include "tests/unit/engine/model_world.h"

#include <torch/torch.h>

#include <cstdlib>
#include <numeric>

namespace eida::engine {
namespace {

TokenIds TokensOf(const at::Tensor& ids, const at::Tensor& lengths) {
  TokenIds tokens;
  for (int64_t i = 0; i < lengths.numel(); ++i)
    tokens.starts.push_back(tokens.starts.back() + lengths[i].item<int64_t>());
  tokens.ids.assign(ids.data_ptr<int64_t>(), ids.data_ptr<int64_t>() + ids.numel());
  tokens.types.assign(tokens.ids.size(), 0);
  tokens.special.assign(tokens.ids.size(), 0);
  return tokens;
}

}  // namespace

ModelWorld::ModelWorld(const std::string& family) {
  const char* other = std::getenv("EIDA_GOLDEN_MODELS");
  directory = JoinPath(
      other != nullptr ? std::string(other) : std::string(EIDA_SOURCE_DIR) + "/tests/golden/models",
      family);
  job.kind = "evaluate";
  job.name = "golden/" + family;
  job.spec = {{"model", {{"digest", directory}, {"architecture", family}, {"labels", 3}}}};
  for (const char* file : {"config.json", "tokenizer.json", "model.safetensors"})
    job.inputs[std::string("model/") + file] = JoinPath(directory, file);
  base = LoadBase(job).value();
  numbers = ReadSafetensors(JoinPath(directory, "numbers.safetensors")).value();
  rows.tokens = TokensOf(Number("ids"), Number("lengths"));
  if (numbers.count("decoder.ids") != 0)
    rows.decoder = TokensOf(Number("decoder.ids"), Number("decoder.lengths"));
  const at::Tensor labels = Number(base->model->generates() ? "targets" : "labels");
  (base->model->generates() ? rows.targets : rows.labels)
      .assign(labels.data_ptr<int64_t>(), labels.data_ptr<int64_t>() + labels.numel());
  rows.items.resize(static_cast<size_t>(rows.tokens.size()));
  std::iota(rows.items.begin(), rows.items.end(), 0);
  examples = Examples(rows);
}

Batch ModelWorld::Some(const std::vector<int64_t>& which) const {
  return MakeBatch(examples, which, at::kCPU);
}

Batch ModelWorld::All() const { return Some(rows.items); }

at::Tensor ModelWorld::Logits(const Tensors& tensors, const Batch& batch, Context& context) const {
  const Model& model = *base->model;
  if (!model.generates()) return model.Logits(tensors, batch, context);
  const Projection output = model.Output(tensors);
  const at::Tensor logits =
      at::matmul(model.States(tensors, batch, context).to(at::kFloat), output.weight.t());
  return output.bias.defined() ? logits + output.bias : logits;
}

Losses ModelWorld::LossesWith(const Weights& weights, const Batch& batch, double smoothing) const {
  Context context(at::kFloat);
  return LossesOf(*base->model, {&weights, &base->weights}, batch, context, smoothing);
}

}  // namespace eida::engine
