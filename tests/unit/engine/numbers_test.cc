// What transformers and PEFT compute on a tiny BERT, as tests/parity/make_numbers.py wrote it down.
#include <torch/torch.h>

#include "tests/unit/engine/limits.h"
#include "tests/unit/engine/tiny.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/nn/context.h"
#include "worker/engine/tasks/labelled_texts.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {
namespace {

std::string Golden(const std::string& name) {
  return std::string(EIDA_SOURCE_DIR) + "/tests/golden/transformers/" + name;
}

struct NumbersWorld {
  TempDir dir{"eida-numbers"};
  Json jobs = ReadJsonFile(Golden("jobs.json")).value();
  Weights numbers = ReadSafetensors(Golden("numbers.safetensors")).value();

  Job Make(const std::string& kind, Json spec) const {
    Job job;
    job.kind = kind;
    job.name = "numbers/" + kind;
    spec["model"] = {{"digest", "numbers"}, {"architecture", "bert"}, {"labels", 2}};
    spec["data"] = jobs.at("data");
    job.spec = std::move(spec);
    for (const char* file : {"config.json", "tokenizer.json", "model.safetensors"})
      job.inputs[std::string("model/") + file] = Golden(file);
    job.inputs["data/train"] = Golden("rows.tsv");
    job.out = dir.path();
    return job;
  }
  // The numbers under `prefix`, without it.
  Weights Under(const std::string& prefix) const {
    Weights found;
    for (const auto& [name, tensor] : numbers) {
      if (name.rfind(prefix, 0) == 0) found[name.substr(prefix.size())] = tensor;
    }
    return found;
  }
};

// The first eight rows, whatever split they went to.
Examples FirstRows(const NumbersWorld& w, const Base& base) {
  Job job = w.Make("evaluate", Json::object());
  job.spec["data"]["splits"] = {{{"name", "train"}, {"digest", "all rows"}}};
  EncodedRows rows = LoadLabelledTexts(job, base, {"train", std::nullopt, 0}).value();
  rows.items.resize(8);
  rows.labels.resize(8);
  rows.tokens.starts.resize(9);
  return Examples(rows);
}

TEST(NumbersTest, TokenIdsAreThoseOfThePythonTokenizer) {
  const NumbersWorld w;
  const auto base = LoadBase(w.Make("evaluate", Json::object())).value();
  const Batch batch = MakeBatch(FirstRows(w, *base), {0, 1, 2, 3, 4, 5, 6, 7}, at::kCPU);
  EXPECT_TRUE(at::equal(batch.ids, w.numbers.at("ids")));
  for (int64_t i = 0; i < 8; ++i)
    EXPECT_EQ(batch.starts[i + 1] - batch.starts[i], w.numbers.at("lengths")[i].item<int64_t>());
}

TEST(NumbersTest, HiddenStatesLogitsAndLossesAreThoseOfTransformers) {
  const NumbersWorld w;
  const auto base = LoadBase(w.Make("evaluate", Json::object())).value();
  const Weights head = w.Under("head.");
  const Examples rows = FirstRows(w, *base);
  const Batch batch = MakeBatch(rows, {0, 1, 2, 3, 4, 5, 6, 7}, at::kCPU);
  const at::NoGradGuard no_grad;
  Context context(at::kFloat);
  int layers = 0;
  context.Probe(base->model->layers(), [&](const std::string& layer, const at::Tensor& output) {
    EXPECT_LE(Difference(output, w.numbers.at("hidden." + layer)), limits::hidden_states) << layer;
    ++layers;
  });
  base->model->Logits({&head, &base->weights}, batch, context);
  EXPECT_EQ(layers, 3);
  const EvalResult result = EvaluateWeights(*base, head, rows, {at::kFloat, 3, true}).value();
  EXPECT_LE(Difference(result.logits, w.numbers.at("logits")), limits::logits);
  EXPECT_LE(Difference(result.loss, w.numbers.at("loss")), limits::item_losses);
  EXPECT_GT(w.numbers.at("logits").std().item<double>(), 0.1);
}

// Three epochs with accumulation, clipping, weight decay, warm-up, and a short last step an epoch.
// All but the first two have options of their own (make_numbers.py).
void ExpectTheirTraining(const std::string& name) {
  const NumbersWorld w;
  Json spec = w.jobs.at(name);
  spec["eval"] = {{"every", nullptr}};
  spec["checkpoint"] = {{"every", nullptr}, {"keep", {"last"}}};
  Recorder events;
  const auto result = RunTrain(w.Make("train", spec), events);
  ASSERT_TRUE(result.ok()) << result.status();
  const Weights trace = ReadSafetensors(ArtifactPath(*result, "trace")).value();
  // The start and the order are the generator's: other platforms draw them alike.
  for (const auto& [parameter, tensor] : w.Under(name + ".init."))
    EXPECT_LE(Difference(trace.at("init." + parameter), tensor), 1e-6) << parameter;
  ASSERT_TRUE(at::equal(trace.at("items"), w.numbers.at(name + ".items")));
  const at::Tensor losses = w.numbers.at(name + ".loss");
  ASSERT_GE(losses.numel(), 9);
  ASSERT_EQ(losses.numel(), trace.at("loss").numel());
  EXPECT_LE(((trace.at("loss") - losses) / losses).abs().max().item<double>(), limits::step_losses);
  const Weights trained = ReadSafetensors(ArtifactPath(*result, "weights")).value(),
                expected = w.Under(name + ".final.");
  EXPECT_EQ(trained.size(), expected.size());
  for (const auto& [parameter, tensor] : expected)
    EXPECT_LE(Difference(trained.at(parameter), tensor), limits::final_weights) << parameter;
}

TEST(NumbersTest, FullFineTuningIsThatOfTransformers) { ExpectTheirTraining("full"); }
TEST(NumbersTest, LoraTrainingIsThatOfPeft) { ExpectTheirTraining("lora"); }
TEST(NumbersTest, AdamPolynomialDecaySmoothedLabelsAndTokenBatchesAreTheirs) {
  ExpectTheirTraining("adam");
}
TEST(NumbersTest, CosineDecayAndMeansOfMicroBatchesAreTheirs) { ExpectTheirTraining("cosine"); }
TEST(NumbersTest, CyclesThatStartAfreshAreTheirs) { ExpectTheirTraining("restart"); }

}  // namespace
}  // namespace eida::engine
