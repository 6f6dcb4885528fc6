// Eight LoRA runs that share their passes beside the same eight one after another, on random BERTs
// with the demo's tokenizer and text, one thread. Each iteration measures both, one after the
// other; `solo_ms`, `packed_ms` and their ratio are of the fastest of each.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "worker/engine/study.h"
#include "worker/runner/settings.h"

namespace eida {
namespace {

const std::string kDemoFiles = std::string(EIDA_BENCH_DEPS) + "/demo/";
constexpr int64_t kRuns = 8, kVocabulary = 30522, kPositions = 128;

class Silent : public engine::Events {
 public:
  void Progress(int64_t, int64_t, const std::string&) override {}
  void Metric(const std::string&, int64_t, double) override {}
  void Checkpoint(int64_t, const std::string&, const Json&) override {}
  bool StopRequested() override { return false; }
};

struct Shape {
  int64_t hidden, layers, length, batch;
};

engine::Weights RandomBert(const Shape& s) {
  torch::manual_seed(1);
  engine::Weights w;
  const auto linear = [&](const std::string& name, int64_t out, int64_t in) {
    w[name + ".weight"] = torch::randn({out, in}) * 0.05;
    w[name + ".bias"] = torch::zeros({out});
  };
  const auto norm = [&](const std::string& name) {
    w[name + ".weight"] = torch::ones({s.hidden});
    w[name + ".bias"] = torch::zeros({s.hidden});
  };
  const std::string embeddings = "embeddings.";
  w[embeddings + "word_embeddings.weight"] = torch::randn({kVocabulary, s.hidden}) * 0.05;
  w[embeddings + "position_embeddings.weight"] = torch::randn({kPositions, s.hidden}) * 0.05;
  w[embeddings + "token_type_embeddings.weight"] = torch::randn({2, s.hidden}) * 0.05;
  norm(embeddings + "LayerNorm");
  for (int64_t i = 0; i < s.layers; ++i) {
    const std::string at = "encoder.layer." + std::to_string(i) + ".";
    for (const char* part : {"self.query", "self.key", "self.value", "output.dense"})
      linear(at + "attention." + part, s.hidden, s.hidden);
    norm(at + "attention.output.LayerNorm");
    linear(at + "intermediate.dense", 4 * s.hidden, s.hidden);
    linear(at + "output.dense", s.hidden, 4 * s.hidden);
    norm(at + "output.LayerNorm");
  }
  linear("pooler.dense", s.hidden, s.hidden);
  return w;
}

bool WriteModel(const Shape& s, const TempDir& dir) {
  const Json config = {{"model_type", "bert"},
                       {"hidden_size", s.hidden},
                       {"num_hidden_layers", s.layers},
                       {"num_attention_heads", s.hidden / 32},
                       {"intermediate_size", 4 * s.hidden},
                       {"vocab_size", kVocabulary},
                       {"max_position_embeddings", kPositions},
                       {"type_vocab_size", 2}};
  const std::string path = dir.path() + "/";
  return WriteFileAtomic(path + "config.json", config.dump()).ok() &&
         engine::WriteSafetensors(RandomBert(s), {{"format", "pt"}}, path + "model.safetensors")
             .ok();
}

// Ranks, seeds, learning rates and dropout differ.
std::vector<engine::Job> Jobs(const Shape& s, const TempDir& dir, int64_t steps) {
  std::vector<engine::Job> jobs;
  for (int64_t k = 0; k < kRuns; ++k) {
    engine::Job job;
    job.kind = "train";
    job.name = "bench/pack/" + std::to_string(k);
    job.spec = {{"model", {{"digest", dir.path()}, {"architecture", "bert"}, {"labels", 2}}},
                {"data",
                 {{"task", "classification"},
                  {"format", "tsv"},
                  {"columns", {{"text", "text"}, {"label", "label"}}},
                  {"max_length", s.length},
                  {"limit", {{"train", 1024}}},
                  {"splits", {{{"name", "train"}, {"digest", "demo"}}}}}},
                {"seed", k},
                {"adapter",
                 {{"type", "lora"},
                  {"r", 4 << (k % 3)},
                  {"alpha", 16},
                  {"dropout", k % 2 == 0 ? 0.1 : 0.0},
                  {"targets", {"query", "value"}}}},
                {"train",
                 {{"steps", steps},
                  {"batch_size", s.batch},
                  {"lr", 1e-4 * static_cast<double>(k + 1)},
                  {"grad_clip", 1.0},
                  {"precision", "fp32"},
                  {"batching", "bucketed"},
                  {"dropout", nullptr}}}};
    for (const char* file : {"config.json", "model.safetensors"})
      job.inputs[std::string("model/") + file] = dir.path() + "/" + file;
    job.inputs["model/tokenizer.json"] = kDemoFiles + "model/tokenizer.json";
    job.inputs["data/train"] = kDemoFiles + "reviews.tsv";
    job.out = dir.path();
    jobs.push_back(std::move(job));
  }
  return jobs;
}

void BM_PackOfEight(benchmark::State& state) {
  static const bool told = [] { return runner::SetThreads(1), true; }();
  static_cast<void>(told);
  if (!FileExists(kDemoFiles + "reviews.tsv"))
    return state.SkipWithError("the demo's files are missing: deploy/bootstrap.sh demo");
  const Shape shape{state.range(0), state.range(1), state.range(2), state.range(3)};
  const TempDir dir;
  if (!WriteModel(shape, dir)) return state.SkipWithError("cannot write the model");
  const std::vector<engine::Job> jobs = Jobs(shape, dir, state.range(4));
  Silent events;
  double solo = HUGE_VAL, packed = HUGE_VAL;
  const auto run = [&](bool together) {
    bool ok = true;
    const Stopwatch watch;
    if (together) {
      std::vector<engine::PackJob> pack;
      for (const engine::Job& job : jobs) pack.push_back({&job, &events});
      engine::TrainPack(pack, [&](size_t, const auto& result) { ok = ok && result.ok(); });
    } else {
      for (const engine::Job& job : jobs) ok = engine::RunTrain(job, events).ok() && ok;
    }
    if (!ok) state.SkipWithError("a run failed");
    return watch.Seconds();
  };
  run(true);  // reads model and text
  for (auto _ : state) {
    solo = std::min(solo, run(false));
    const double seconds = run(true);
    packed = std::min(packed, seconds);
    state.SetIterationTime(seconds);
  }
  state.counters["solo_ms"] = 1000 * solo;
  state.counters["packed_ms"] = 1000 * packed;
  state.counters["ratio"] = packed / solo;
}
// Trunks whose steps are mostly overhead, one between, and MiniLM's.
BENCHMARK(BM_PackOfEight)
    ->ArgNames({"hidden", "layers", "length", "batch", "steps"})
    ->Args({32, 2, 16, 4, 50})
    ->Args({32, 2, 16, 8, 50})
    ->Args({64, 2, 16, 4, 50})
    ->Args({128, 2, 16, 8, 20})
    ->Args({384, 6, 64, 8, 2})
    ->Args({384, 6, 64, 32, 1})
    ->Iterations(5)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace eida
