// What holds for every model of the catalog.
#include <torch/torch.h>

#include "common/catalog/catalog.h"
#include "tests/unit/engine/limits.h"
#include "tests/unit/engine/model_world.h"
#include "worker/engine/formats/export.h"
#include "worker/engine/nn/functional.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {
namespace {

at::Tensor Dense(const at::Tensor& x) { return x.is_sparse() ? x.to_dense() : x; }

class EveryModel : public ::testing::TestWithParam<catalog::Model> {
 protected:
  ModelWorld w{GetParam().id};

  // All trainable parameters as leaves.
  Weights Leaves() const {
    Weights leaves;
    for (const Parameter& p : w.base->model->parameters()) {
      if (!p.buffer) leaves[p.name] = w.base->weights.at(p.name).clone().set_requires_grad(true);
    }
    return leaves;
  }
  at::Tensor Logits(const Batch& batch, Context& context) const {
    return w.Logits({nullptr, &w.base->weights}, batch, context);
  }
};

TEST_P(EveryModel, IsWhatTheCatalogSays) {
  EXPECT_EQ(w.base->model->generates(), GetParam().generates);
}

TEST_P(EveryModel, LacksNothingOfItsCheckpoint) {
  EXPECT_TRUE(w.base->missing.empty());
  EXPECT_EQ(w.base->weights.size(), w.base->model->parameters().size());
}

TEST_P(EveryModel, HiddenStatesAreThoseOfTransformers) {
  const at::NoGradGuard no_grad;
  Context context(at::kFloat);
  const std::vector<std::string> layers = w.base->model->layers();
  size_t seen = 0;
  context.Probe(layers, [&](const std::string& layer, const at::Tensor& output) {
    EXPECT_LE(Difference(output, w.Number("hidden." + layer)), limits::hidden_states) << layer;
    EXPECT_GT(output.abs().max().item<double>(), 0.5);
    ++seen;
  });
  Pass(*w.base->model, {nullptr, &w.base->weights}, w.All(), context);
  EXPECT_EQ(seen, layers.size());
  for (const auto& [name, tensor] : w.numbers) {
    if (name.rfind("hidden.", 0) != 0) continue;
    EXPECT_EQ(std::count(layers.begin(), layers.end(), name.substr(7)), 1) << name;
  }
}

TEST_P(EveryModel, LogitsAndLossesAreThoseOfTransformers) {
  const at::NoGradGuard no_grad;
  Context context(at::kFloat);
  EXPECT_LE(Difference(Logits(w.All(), context), w.Number("logits")), limits::logits);
  EXPECT_GT(w.Number("logits").std().item<double>(), 0.1);
  EXPECT_LE(Difference(w.LossesWith({}, w.All()).sum, w.Number("loss")), limits::item_losses);
  EXPECT_LE(Difference(w.LossesWith({}, w.All(), 0.1).sum, w.Number("smoothed")),
            limits::item_losses);
  if (!w.base->model->generates()) return;
  EXPECT_EQ(Difference(w.LossesWith({}, w.All()).count, w.Number("count")), 0);
}

TEST_P(EveryModel, GradientsAreThoseOfTransformers) {
  const Weights leaves = Leaves();
  w.LossesWith(leaves, w.All(), 0.1).sum.sum().backward();
  size_t compared = 0;
  for (const auto& [name, tensor] : leaves) {
    ASSERT_TRUE(tensor.grad().defined()) << name;
    const at::Tensor& expected = w.Number("grad." + name);
    EXPECT_LE(Difference(Dense(tensor.grad()), expected), limits::gradients) << name;
    compared += expected.abs().max().item<double>() > 0.01;
  }
  // A key's bias shifts all scores of a query alike: its gradient is nothing.
  EXPECT_GE(compared, leaves.size() * 3 / 4);
}

TEST_P(EveryModel, AnItemsLossDoesNotDependOnItsNeighbours) {
  const at::NoGradGuard no_grad;
  const at::Tensor together = w.LossesWith({}, w.Some({4, 1, 3, 0})).sum;
  const std::vector<int64_t> order = {4, 1, 3, 0};
  for (size_t k = 0; k < order.size(); ++k) {
    const at::Tensor alone = w.LossesWith({}, w.Some({order[k]})).sum;
    EXPECT_LE(Difference(together[static_cast<int64_t>(k)], alone[0]), limits::batching)
        << order[k];
  }
}

TEST_P(EveryModel, BatchingDoesNotChangeAnItem) {
  const EvalResult one = EvaluateWeights(*w.base, {}, w.examples, {at::kFloat, 1, false}).value();
  for (const bool bucketed : {false, true}) {
    const EvalResult some =
        EvaluateWeights(*w.base, {}, w.examples, {at::kFloat, 3, bucketed}).value();
    EXPECT_LE(Difference(some.loss, one.loss), limits::batching);
  }
  const at::Tensor mean = w.Number("loss") / (one.count.defined() ? one.count : at::ones({5}));
  EXPECT_LE(Difference(one.loss, mean), limits::item_losses);
  const double total = w.Number("loss").sum().item<double>(),
               labels = one.count.defined() ? one.count.sum().item<double>() : 5;
  EXPECT_NEAR(Score(one).loss, total / labels, limits::item_losses)
      << "every label counts the same";
}

TEST_P(EveryModel, KernelsAndPlainOperationsAgree) {
  const at::NoGradGuard no_grad;
  for (const uint64_t stream : {0, 99}) {
    const auto logits = [&] {
      Context context(at::kFloat);
      if (stream != 0) context.SetDropoutStream(stream);
      return Logits(w.All(), context);
    };
    const at::Tensor fused = logits();
    const nn::PlainForms plain_forms;
    EXPECT_LE(Difference(fused, logits()), 2e-5) << stream;
  }
}

TEST_P(EveryModel, DropoutIsItsOwnStreamAndHasTheGradientOfItsLoss) {
  Weights leaves = Leaves();
  const auto loss = [&](const Weights& weights, uint64_t stream) {
    Context context(at::kFloat);
    context.SetDropoutStream(stream);
    return LossesOf(*w.base->model, {&weights, &w.base->weights}, w.All(), context, 0).sum.mean();
  };
  loss(leaves, 5).backward();
  const at::NoGradGuard no_grad;
  EXPECT_EQ(loss(leaves, 5).item<double>(), loss(leaves, 5).item<double>());
  EXPECT_NE(loss(leaves, 5).item<double>(), loss(leaves, 6).item<double>());
  for (const auto& [name, tensor] : leaves) {
    const at::Tensor gradient = Dense(tensor.grad());
    const double expected = gradient.norm().item<double>(), h = 4e-3;
    const at::Tensor direction = gradient / (expected + 1e-12);
    Weights moved = leaves;
    moved[name] = tensor + h * direction;
    const double up = loss(moved, 5).item<double>();
    moved[name] = tensor - h * direction;
    const double down = loss(moved, 5).item<double>();
    EXPECT_NEAR((up - down) / (2 * h), expected, 3e-2 * expected + 1e-3) << name;
  }
}

TEST_P(EveryModel, GradientCheckpointingChangesNoGradient) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    std::vector<Weights> gradients;
    for (const bool recompute : {false, true}) {
      const Weights leaves = Leaves();
      const Batch batch = w.All();
      Context context(type);
      context.SetDropoutStream(5);
      context.SetRecompute(recompute);
      LossesOf(*w.base->model, {&leaves, &w.base->weights}, batch, context, 0).sum.sum().backward();
      gradients.emplace_back();
      for (const auto& [name, tensor] : leaves) gradients.back()[name] = Dense(tensor.grad());
    }
    // The gradients of an encoder's output are summed in another order, which bf16 rounds.
    const double limit = type == at::kFloat ? 1e-6 : 2e-2;
    for (const auto& [name, tensor] : gradients[0]) {
      const double scale = 1 + tensor.abs().max().item<double>();
      EXPECT_LE(Difference(gradients[1].at(name), tensor) / scale, limit) << name << " " << type;
    }
  }
}

TEST_P(EveryModel, Bf16StaysNearFp32) {
  const at::NoGradGuard no_grad;
  Context full(at::kFloat), low(at::kBFloat16);
  const at::Tensor a = Logits(w.All(), full), b = Logits(w.All(), low);
  EXPECT_GT(Difference(a, b), 0);
  EXPECT_LE((a - b).norm().item<double>(), 0.05 * a.norm().item<double>());
}

TEST_P(EveryModel, ObserversSeeEverySiteOnce) {
  const at::NoGradGuard no_grad;
  Context context(at::kFloat);
  std::vector<std::string> seen, expected;
  context.AddObserver([&](const Site& site, const at::Tensor& x, const at::Tensor& y) {
    EXPECT_EQ(x.size(1), site.weight.size(site.transposed ? 0 : 1));
    EXPECT_EQ(y.size(1), site.weight.size(site.transposed ? 1 : 0));
    if (site.role != "classifier") seen.push_back(site.name + " " + site.role);
  });
  Pass(*w.base->model, {nullptr, &w.base->weights}, w.All(), context);
  for (const SiteShape& site : w.base->model->sites()) {
    if (site.whole()) expected.push_back(site.name + " " + site.role);
  }
  EXPECT_EQ(seen, expected) << "in forward order";
}

TEST_P(EveryModel, WhatIsExportedIsTheSameModel) {
  TempDir out("eida-export");
  Job job = w.job;
  ASSERT_TRUE(ExportModel(job, *w.base, {}, out.path()).ok());
  for (const char* file : {"config.json", "tokenizer.json", "model.safetensors"})
    job.inputs[std::string("model/") + file] = out.path() + "/" + file;
  const auto again = LoadBase(job).value();
  EXPECT_TRUE(again->missing.empty());
  for (const auto& [name, tensor] : w.base->weights)
    EXPECT_EQ(Difference(again->weights.at(name), tensor), 0) << name;
  EXPECT_EQ(again->config.at("architectures"), w.base->config.at("architectures"));
}

TEST_P(EveryModel, HalfPrecisionFilesAreReadAsTheyAre) {
  for (const at::ScalarType type : {at::kHalf, at::kBFloat16}) {
    Weights rounded;
    for (const auto& [name, tensor] : w.base->weights) rounded[name] = tensor.to(type);
    TempDir dir("eida-half");
    ASSERT_TRUE(WriteSafetensors(rounded, {}, dir.path() + "/model.safetensors").ok());
    Job job = w.job;
    job.spec["model"]["digest"] = dir.path();
    job.inputs["model/model.safetensors"] = dir.path() + "/model.safetensors";
    const auto base = LoadBase(job).value();
    for (const auto& [name, tensor] : rounded) {
      EXPECT_EQ(base->weights.at(name).scalar_type(), at::kFloat);
      EXPECT_EQ(Difference(base->weights.at(name), tensor), 0) << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryModel, ::testing::ValuesIn(catalog::Models()),
                         [](const auto& info) { return info.param.id; });

TEST(ModelsTest, ALanguageModelDoesNotClassify) {
  const ModelWorld w("gpt2");
  Job job = w.job;
  job.spec["data"] = {{"task", "classification"}};
  const Status refused = LoadExamples(job, *w.base, {"train", std::nullopt, 0}).status();
  EXPECT_EQ(ErrorClassOf(refused), "config");
  EXPECT_NE(Message(refused).find("needs a classifier"), std::string::npos) << refused;
}

// Of the published checkpoints, from their configurations; heads of 2 labels and buffers excluded.
TEST(ModelsTest, ParameterCountsAreThoseOfThePublishedModels) {
  const Json base = {{"hidden_size", 768},
                     {"num_hidden_layers", 12},
                     {"num_attention_heads", 12},
                     {"intermediate_size", 3072}};
  Json bert = base, roberta = base;
  bert.update({{"model_type", "bert"}, {"vocab_size", 30522}, {"max_position_embeddings", 512}});
  roberta.update({{"model_type", "roberta"},
                  {"vocab_size", 50265},
                  {"max_position_embeddings", 514},
                  {"type_vocab_size", 1}});
  const Json gpt2 = {{"model_type", "gpt2"}, {"n_embd", 768},       {"n_layer", 12},
                     {"n_head", 12},         {"vocab_size", 50257}, {"n_positions", 1024}};
  Json mbart = {{"model_type", "mbart"},
                {"d_model", 1024},
                {"vocab_size", 250027},
                {"max_position_embeddings", 1024}};
  for (const char* stack : {"encoder", "decoder"}) {
    mbart[std::string(stack) + "_layers"] = 12;
    mbart[std::string(stack) + "_attention_heads"] = 16;
    mbart[std::string(stack) + "_ffn_dim"] = 4096;
  }
  const auto count = [](const Json& config) {
    const auto model = MakeModel(config, {2, "config.json"}).value();
    int64_t total = 0;
    for (const Parameter& p : model->parameters()) {
      int64_t numbers = 1;
      for (const int64_t d : p.shape) numbers *= d;
      if (!p.buffer && !model->IsHead(p.name)) total += numbers;
    }
    return total;
  };
  EXPECT_EQ(count(bert), 109'482'240);
  EXPECT_EQ(count(roberta), 124'055'040);
  EXPECT_EQ(count(gpt2), 124'439'808);
  EXPECT_EQ(count(mbart), 610'851'840);
  EXPECT_EQ(MakeModel(roberta, {2, ""}).value()->max_length(), 512);
}

}  // namespace
}  // namespace eida::engine
