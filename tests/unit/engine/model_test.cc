#include <gmock/gmock.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/models/base.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

struct BertWorld {
  Tiny tiny;
  Job job = tiny.Train();
  std::shared_ptr<const Base> base = LoadBase(job).value();
  std::shared_ptr<const Examples> examples =
      LoadExamples(job, *base, {"train", std::nullopt, 0}).value();
  Weights head = base->Fresh(1);
};

at::Tensor Logits(const BertWorld& w, const Batch& batch, Context& context) {
  return w.base->model->Logits({&w.head, &w.base->weights}, batch, context);
}

TEST(BertTest, ProbingTheLastLayerDoesNotChangeWhatItComputes) {
  // Without a probe the last layer computes only each item's first token; the pooled logits must be
  // the whole layer's.
  const BertWorld w;
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

TEST(BaseTest, AHeadThatIsMissingComesFromTheSeed) {
  const BertWorld w;
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
  const BertWorld plain;
  EXPECT_EQ(base->parameters(), plain.base->parameters());
  for (const auto& [name, tensor] : plain.base->weights)
    EXPECT_EQ(Difference(base->weights.at(name), tensor), 0) << name;
}

TEST(BaseTest, ShardsAreReadThroughTheIndex) {
  const BertWorld w;
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
std::string WithConfig(const BertWorld& w, const Json& changes) {
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
  const BertWorld w;
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
  const BertWorld w;
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
