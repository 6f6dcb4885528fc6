// The engine and the analyses on the demo's model and data (deploy/bootstrap.sh demo), one thread:
// what a slot of one core does.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include "common/base/fs.h"
#include "common/base/rng.h"
#include "worker/analysis/cka.h"
#include "worker/analysis/gap.h"
#include "worker/engine/study.h"
#include "worker/engine/tasks/task.h"
#include "worker/runner/settings.h"

namespace eida {
namespace {

const std::string kDemo = std::string(EIDA_BENCH_DEPS) + "/demo/";

class Quiet : public engine::Events {
 public:
  void Progress(int64_t, int64_t, const std::string&) override {}
  void Metric(const std::string&, int64_t, double) override {}
  void Checkpoint(int64_t, const std::string&, const Json&) override {}
  bool StopRequested() override { return false; }
};

// A job of `kind` on the demo's files, its directory in `dir`.
engine::Job DemoJob(const TempDir& dir, const std::string& kind, Json spec) {
  engine::Job job;
  job.kind = kind;
  job.name = "bench/" + kind;
  spec["model"] = {{"digest", "demo"}, {"architecture", "bert"}, {"labels", 2}};
  spec["data"] = {{"task", "classification"},
                  {"format", "tsv"},
                  {"columns", {{"text", "text"}, {"label", "label"}}},
                  {"max_length", 64},
                  {"limit", {{"train", 1024}}},
                  {"splits",
                   {{{"name", "train"}, {"digest", "demo"}},
                    {{"name", "select"}, {"from", "train"}, {"items", 256}, {"seed", 0}}}}};
  job.spec = std::move(spec);
  for (const char* file : {"config.json", "tokenizer.json", "model.safetensors"})
    job.inputs[std::string("model/") + file] = kDemo + "model/" + file;
  job.inputs["data/train"] = kDemo + "reviews.tsv";
  job.out = dir.path();
  return job;
}

// Once a process: libtorch refuses to be told again.
void OneThread() {
  static const bool told = [] { return runner::SetThreads(1), true; }();
  static_cast<void>(told);
}

bool Ready(benchmark::State& state) {
  OneThread();
  if (FileExists(kDemo + "reviews.tsv")) return true;
  state.SkipWithError("the demo's files are missing: deploy/bootstrap.sh demo");
  return false;
}

const char* Precision(int64_t argument) { return argument == 0 ? "fp32" : "bf16"; }

// range(0): rank, 0 = full fine-tuning; range(1): precision. One iteration is four steps of 32.
void BM_TrainFourSteps(benchmark::State& state) {
  if (!Ready(state)) return;
  const TempDir dir;
  const int64_t rank = state.range(0);
  Json adapter = {{"type", "none"}};
  if (rank > 0)
    adapter = {{"type", "lora"}, {"r", rank}, {"alpha", 4 * rank}, {"targets", {"query", "value"}}};
  const engine::Job job = DemoJob(dir, "train",
                                  {{"seed", 0},
                                   {"adapter", adapter},
                                   {"train",
                                    {{"steps", 4},
                                     {"batch_size", 32},
                                     {"lr", 2e-4},
                                     {"grad_clip", 1.0},
                                     {"precision", Precision(state.range(1))},
                                     {"batching", "bucketed"},
                                     {"dropout", nullptr}}}});
  Quiet events;
  for (auto _ : state) {
    const auto result = engine::RunTrain(job, events);
    if (!result.ok()) return state.SkipWithError(Message(result.status()).c_str());
    state.SetIterationTime(result->summary.at("seconds").get<double>());
  }
  state.SetItemsProcessed(state.iterations() * 4 * 32);
}
BENCHMARK(BM_TrainFourSteps)
    ->ArgNames({"rank", "bf16"})
    ->ArgsProduct({{0, 8}, {0, 1}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// range(0): precision. 256 items.
void BM_Evaluate(benchmark::State& state) {
  if (!Ready(state)) return;
  const TempDir dir;
  const engine::Job job =
      DemoJob(dir, "evaluate",
              {{"split", "select"},
               {"numerics", {{"precision", Precision(state.range(0))}, {"batch_size", 64}}}});
  const auto study = engine::Study::For(job, "select", false);
  if (!study.ok()) return state.SkipWithError(Message(study.status()).c_str());
  const engine::Weights head = {{"classifier.weight", torch::zeros({2, 384})},
                                {"classifier.bias", torch::zeros({2})}};
  for (auto _ : state) benchmark::DoNotOptimize((*study)->Evaluate(head).ok());
  state.SetItemsProcessed(state.iterations() * 256);
}
BENCHMARK(BM_Evaluate)->ArgName("bf16")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void BM_ReadAndTokenise(benchmark::State& state) {
  if (!Ready(state)) return;
  const TempDir dir;
  engine::Job job = DemoJob(dir, "evaluate", Json::object());
  job.spec["data"]["limit"] = Json::object();
  const auto base = engine::LoadBase(job);
  if (!base.ok()) return state.SkipWithError(Message(base.status()).c_str());
  int64_t rows = 0, times = 0;
  for (auto _ : state) {
    job.spec["data"]["splits"][0]["digest"] = std::to_string(times++);  // else it is kept
    const auto examples = engine::LoadExamples(job, **base, {"train", std::nullopt, 0});
    if (!examples.ok()) return state.SkipWithError(Message(examples.status()).c_str());
    rows += (*examples)->size();
  }
  state.SetItemsProcessed(rows);
}
BENCHMARK(BM_ReadAndTokenise)->Unit(benchmark::kMillisecond);

void BM_Gap(benchmark::State& state) {
  Rng rng(1);
  std::vector<double> alphas, losses;
  for (int64_t k = 0; k < state.range(0); ++k) {
    alphas.push_back(static_cast<double>(k) / static_cast<double>(state.range(0) - 1));
    losses.push_back(rng.Unit());
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(analysis::MeasureGap(alphas, losses, losses).convexity_gap);
}
BENCHMARK(BM_Gap)->ArgName("points")->Arg(11)->Arg(26)->Arg(1001);

// range(0): models, range(1): items. All pairs out of features of width 384.
void BM_Cka(benchmark::State& state) {
  OneThread();
  const int64_t models = state.range(0), items = state.range(1);
  torch::manual_seed(0);
  std::vector<at::Tensor> features;
  for (int64_t i = 0; i < models; ++i) features.push_back(torch::randn({items, 384}));
  for (auto _ : state) {
    std::vector<at::Tensor> vectors;
    for (const at::Tensor& x : features) vectors.push_back(analysis::MakeGramVectors(x).unbiased);
    benchmark::DoNotOptimize(analysis::AllPairsCka(vectors).size());
  }
  state.SetItemsProcessed(state.iterations() * models * (models - 1) / 2);
}
BENCHMARK(BM_Cka)
    ->ArgNames({"models", "items"})
    ->Args({12, 512})
    ->Args({48, 512})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace eida
