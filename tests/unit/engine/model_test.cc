#include <gmock/gmock.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/models/base.h"
#include "worker/engine/nn/functional.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

struct ModelWorld {
  Tiny tiny;
  Job job = tiny.Train();
  std::shared_ptr<const Base> base = LoadBase(job).value();
  std::shared_ptr<const Examples> examples =
      LoadExamples(job, *base, {"train", std::nullopt, 0}).value();
  Weights head = base->Fresh(1);
};

at::Tensor Logits(const ModelWorld& w, const Batch& batch, Context& context) {
  return w.base->model->Logits({&w.head, &w.base->weights}, batch, context);
}

TEST(BertTest, KernelsAndPlainOperationsAgree) {
  const ModelWorld w;
  const Batch batch = MakeBatch(*w.examples, {0, 1, 2, 3, 4, 5, 6}, at::kCPU);
  const at::NoGradGuard no_grad;
  Context context(at::kFloat);
  const at::Tensor fused = Logits(w, batch, context);
  const nn::PlainForms plain_forms;
  EXPECT_LE(Difference(fused, Logits(w, batch, context)), 1e-5);
}

TEST(BertTest, AnItemDoesNotDependOnItsNeighbours) {
  const ModelWorld w;
  const at::NoGradGuard no_grad;
  Context context(at::kFloat);
  const at::Tensor together = Logits(w, MakeBatch(*w.examples, {4, 9, 2, 30}, at::kCPU), context);
  const at::Tensor alone = Logits(w, MakeBatch(*w.examples, {2}, at::kCPU), context);
  EXPECT_LE(Difference(together[2], alone[0]), 1e-5);
}

TEST(BertTest, ProbingTheLastLayerDoesNotChangeWhatItComputes) {
  // Without a probe the last layer computes only each item's first token; the pooled logits must be
  // the whole layer's.
  const ModelWorld w;
  const at::NoGradGuard no_grad;
  const Batch batch = MakeBatch(*w.examples, {0, 1, 2, 3}, at::kCPU);
  Context plain(at::kFloat), probing(at::kFloat);
  at::Tensor last;
  probing.Probe({"layer.1"}, [&](const std::string&, const at::Tensor& output) { last = output; });
  EXPECT_FALSE(Logits(w, batch, probing).defined());
  const Tensors t{&w.head, &w.base->weights};
  at::Tensor x = last.index_select(0, batch.first);
  x = at::tanh(at::linear(x, t.Get("bert.pooler.dense.weight"), t.Get("bert.pooler.dense.bias")));
  x = at::linear(x, t.Get("classifier.weight"), t.Get("classifier.bias"));
  EXPECT_LE(Difference(Logits(w, batch, plain), x), 1e-5);
}

TEST(BertTest, Bf16StaysNearFp32) {
  const ModelWorld w;
  const at::NoGradGuard no_grad;
  const Batch batch = MakeBatch(*w.examples, {0, 1, 2, 3, 4, 5, 6, 7}, at::kCPU);
  Context full(at::kFloat), low(at::kBFloat16);
  const at::Tensor a = Logits(w, batch, full), b = Logits(w, batch, low);
  EXPECT_EQ(b.scalar_type(), at::kFloat);
  EXPECT_GT(Difference(a, b), 0);
  EXPECT_LE(Difference(a, b), 0.02);
}

TEST(BertTest, ObserversSeeEverySiteOnce) {
  const ModelWorld w;
  const at::NoGradGuard no_grad;
  Context context(at::kFloat);
  std::vector<std::string> seen;
  context.AddObserver([&](const Site& site, const at::Tensor& x, const at::Tensor& y) {
    seen.push_back(site.name);
    EXPECT_EQ(x.size(1), site.weight.size(1));
    EXPECT_EQ(y.size(1), site.weight.size(0));
  });
  Logits(w, MakeBatch(*w.examples, {0, 1}, at::kCPU), context);
  std::vector<std::string> expected;
  for (const SiteName& site : w.base->model->sites()) expected.push_back(site.name);
  expected.push_back("classifier");
  EXPECT_EQ(seen, expected);
}

TEST(BertTest, EveryTrainableGetsTheGradientOfTheLoss) {
  // Directional derivatives by central differences, for every tensor of full fine-tuning, without
  // and with dropout.
  const ModelWorld w;
  const Batch batch = MakeBatch(*w.examples, {0, 1, 2, 3, 4}, at::kCPU);
  for (const bool dropout : {false, true}) {
    Weights leaves = w.head;
    for (const auto& [name, tensor] : w.base->weights) leaves[name] = tensor.clone();
    // A head larger than at init, so that the derivatives stand out of fp32's noise.
    leaves["classifier.weight"] = leaves["classifier.weight"] * 50;
    for (auto& [name, tensor] : leaves) tensor = tensor.detach().set_requires_grad(true);
    const auto loss = [&](const Weights& weights) {
      Context context(at::kFloat);
      if (dropout) context.SetDropoutStream(99);
      return ItemLosses(w.base->model->Logits({&weights, &w.base->weights}, batch, context),
                        batch.labels)
          .mean();
    };
    loss(leaves).backward();
    for (const auto& [name, tensor] : leaves) {
      ASSERT_TRUE(tensor.grad().defined()) << name;
      const at::NoGradGuard no_grad;
      const at::Tensor gradient =
          tensor.grad().is_sparse() ? tensor.grad().to_dense() : tensor.grad();
      const double expected = gradient.norm().item<double>(), h = 4e-3;
      const at::Tensor direction = gradient / (expected + 1e-12);
      Weights moved = leaves;
      moved[name] = tensor + h * direction;
      const double up = loss(moved).item<double>();
      moved[name] = tensor - h * direction;
      const double down = loss(moved).item<double>();
      EXPECT_NEAR((up - down) / (2 * h), expected, 2e-2 * expected + 2e-4)
          << name << " dropout " << dropout;
    }
  }
}

TEST(BaseTest, AHeadThatIsMissingComesFromTheSeed) {
  const ModelWorld w;
  EXPECT_EQ(w.base->missing, (std::vector<std::string>{"classifier.weight", "classifier.bias"}));
  EXPECT_EQ(Difference(w.base->Fresh(1).at("classifier.weight"), w.head.at("classifier.weight")),
            0);
  EXPECT_GT(Difference(w.base->Fresh(2).at("classifier.weight"), w.head.at("classifier.weight")),
            0);
  EXPECT_EQ(w.head.at("classifier.bias").abs().sum().item<double>(), 0);
  EXPECT_NEAR(w.head.at("classifier.weight").std().item<double>(), 0.02, 0.006);
}

TEST(BaseTest, NamesWithAndWithoutPrefixAreTheSameModel) {
  TinyOptions options;
  options.with_prefix = true;
  const Tiny prefixed(options);
  const auto base = LoadBase(prefixed.Train()).value();
  EXPECT_TRUE(base->missing.empty());
  const ModelWorld plain;
  EXPECT_EQ(base->parameters(), plain.base->parameters());
  for (const auto& [name, tensor] : plain.base->weights)
    EXPECT_EQ(Difference(base->weights.at(name), tensor), 0) << name;
}

TEST(BaseTest, ShardsAreReadThroughTheIndex) {
  const ModelWorld w;
  Job job = w.job;
  const Weights all = ReadSafetensors(w.tiny.path("model.safetensors")).value();
  Weights parts[2];
  Json map = Json::object();
  int i = 0;
  for (const auto& [name, tensor] : all) {
    parts[i % 2][name] = tensor;
    map[name] = "part-" + std::to_string(i++ % 2) + ".safetensors";
  }
  for (int k = 0; k < 2; ++k) {
    const std::string file = "part-" + std::to_string(k) + ".safetensors";
    ASSERT_TRUE(WriteSafetensors(parts[k], {}, w.tiny.path(file)).ok());
    job.inputs["model/" + file] = w.tiny.path(file);
  }
  ASSERT_TRUE(WriteFileAtomic(w.tiny.path("index.json"), Pretty({{"weight_map", map}})).ok());
  job.inputs.erase("model/model.safetensors");
  job.inputs["model/model.safetensors.index.json"] = w.tiny.path("index.json");
  const auto base = LoadBase(job);
  ASSERT_TRUE(base.ok()) << base.status();
  EXPECT_EQ((*base)->weights.size(), w.base->weights.size());
  job.inputs.erase("model/part-1.safetensors");
  EXPECT_EQ(ErrorClassOf(LoadBase(job).status()), "config");
}

// The message of LoadBase when config.json says something else.
std::string WithConfig(const ModelWorld& w, const Json& changes) {
  Json config = ReadJsonFile(w.tiny.path("config.json")).value();
  config.merge_patch(changes);
  EXPECT_TRUE(WriteFileAtomic(w.tiny.path("other.json"), Pretty(config)).ok());
  Job job = w.job;
  job.spec["model"]["digest"] = changes.dump();
  job.inputs["model/config.json"] = w.tiny.path("other.json");
  const auto base = LoadBase(job);
  EXPECT_FALSE(base.ok());
  if (base.ok()) return "";
  EXPECT_EQ(ErrorClassOf(base.status()), "config");
  return Message(base.status());
}

TEST(BaseTest, AModelThatDoesNotFitIsRefused) {
  const ModelWorld w;
  EXPECT_THAT(WithConfig(w, {{"model_type", "gpt5"}}), HasSubstr("gpt5"));
  EXPECT_THAT(WithConfig(w, {{"hidden_size", 64}}), HasSubstr("different models"));
  EXPECT_THAT(WithConfig(w, {{"num_hidden_layers", 3}}), HasSubstr("lacks"));
  EXPECT_THAT(WithConfig(w, {{"num_attention_heads", 5}}), HasSubstr("multiple"));
  EXPECT_THAT(WithConfig(w, {{"hidden_act", "swish9"}}), HasSubstr("swish9"));
  EXPECT_THAT(WithConfig(w, {{"position_embedding_type", "relative_key"}}),
              HasSubstr("relative_key"));
  EXPECT_THAT(WithConfig(w, {{"hidden_size", nullptr}}), HasSubstr("hidden_size"));
  EXPECT_THAT(WithConfig(w, {{"vocab_size", 10}}), HasSubstr("different models"));
}

TEST(TaskTest, BadDataIsADataErrorThatNamesTheLine) {
  const ModelWorld w;
  Job job = w.job;
  const auto load = [&](const std::string& content) {
    static int n = 0;
    const std::string path = w.tiny.path("bad" + std::to_string(n++) + ".tsv");
    EXPECT_TRUE(WriteFileAtomic(path, content).ok());
    job.inputs["data/train"] = path;
    return LoadExamples(job, *w.base, {"train", std::nullopt, 0}).status();
  };
  EXPECT_EQ(ErrorClassOf(load("text\tlabel\ngood film\t1\nbad\n")), "data");
  EXPECT_THAT(Message(load("text\tlabel\ngood film\t7\n")), HasSubstr(":2"));
  EXPECT_EQ(ErrorClassOf(load("")), "data");
  Json data = w.tiny.data();
  data["max_length"] = 4000;
  job.spec["data"] = data;
  EXPECT_EQ(ErrorClassOf(load("text\tlabel\ngood\t1\n")), "config");
}

}  // namespace
}  // namespace eida::engine
