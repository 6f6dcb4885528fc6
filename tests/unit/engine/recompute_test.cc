// Gradient checkpointing: the same numbers, less memory.
#include "worker/engine/nn/recompute.h"

#include <c10/core/Allocator.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/models/base.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {
namespace {

// Bytes that tensors hold on this thread, and the most there were.
class MemoryMeter : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* ptr, int64_t size, size_t allocated, size_t reserved,
                         c10::Device device) override {
    now_ += size;
    peak_ = std::max(peak_, now_);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t peak() const { return peak_; }

 private:
  int64_t now_ = 0, peak_ = 0;
};

struct PassResult {
  Weights gradients;
  double loss = 0;
  int64_t peak = 0;  // bytes
};

// One pass there and back with all parameters (or only the last layer's and the head's) trained.
PassResult PassOf(const Tiny& tiny, at::ScalarType type, bool recompute, bool only_last = false) {
  const Job job = tiny.Make("evaluate", Json::object());
  const auto base = LoadBase(job).value();
  const auto examples = LoadExamples(job, *base, {"train", std::nullopt, 0}).value();
  std::vector<int64_t> which;
  for (int64_t i = 0; i < examples->size(); ++i) which.push_back(i);
  const Batch batch = MakeBatch(*examples, which, at::kCPU);
  Weights leaves = base->Fresh(3);
  for (const auto& [name, tensor] : base->weights) leaves[name] = tensor.clone();
  for (auto& [name, tensor] : leaves)
    tensor.set_requires_grad(!only_last || name.find("layer.1.output.dense") != std::string::npos);
  PassResult result;
  const auto meter = std::make_shared<MemoryMeter>();
  {
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, meter);
    Context context(type);
    context.SetDropoutStream(5);
    context.SetRecompute(recompute);
    const at::Tensor loss =
        LossesOf(*base->model, {&leaves, &base->weights}, batch, context, 0).sum.sum();
    result.loss = loss.item<double>();
    loss.backward();
    result.peak = meter->peak();
  }
  for (const auto& [name, tensor] : leaves) {
    if (tensor.grad().defined())
      result.gradients[name] = tensor.grad().is_sparse() ? tensor.grad().to_dense() : tensor.grad();
  }
  return result;
}

TEST(RecomputeTest, GivesTheSameGradients) {
  const Tiny tiny;
  for (const bool only_last : {false, true}) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf}) {
      const PassResult kept = PassOf(tiny, type, false, only_last),
                       again = PassOf(tiny, type, true, only_last);
      EXPECT_EQ(kept.loss, again.loss);
      ASSERT_EQ(kept.gradients.size(), again.gradients.size());
      ASSERT_GE(kept.gradients.size(), 2u);
      for (const auto& [name, tensor] : kept.gradients) {
        EXPECT_LE(Difference(again.gradients.at(name), tensor), 1e-6) << name;
        EXPECT_GT(tensor.abs().max().item<double>(), 0) << name;
      }
    }
  }
}

TEST(RecomputeTest, TakesLessMemory) {
  TinyOptions options;
  options.layers = 6;
  options.hidden = 64;
  options.inner = 256;
  const Tiny tiny(options);
  const int64_t kept = PassOf(tiny, at::kFloat, false).peak,
                again = PassOf(tiny, at::kFloat, true).peak;
  EXPECT_GT(again, 1 << 20) << "the meter should see the pass";
  EXPECT_LT(again * 2, kept) << again << " against " << kept << " bytes";
}

TEST(RecomputeTest, TrainsToTheSameBytes) {
  const Tiny tiny;
  for (const char* precision : {"fp32", "bf16"}) {
    std::string bytes[2];
    for (const bool on : {false, true}) {
      Json train = {{"precision", precision}};
      if (on) train["gradient_checkpointing"] = true;
      Recorder events;
      const auto result =
          RunTrain(tiny.Train({{"train", train}, {"adapter", {{"dropout", 0.1}}}}), events);
      ASSERT_TRUE(result.ok()) << result.status();
      bytes[on] = Bytes(ArtifactPath(*result, "weights"));
    }
    EXPECT_EQ(bytes[0], bytes[1]) << precision;
  }
}

TEST(RecomputeTest, ObserversSeeEachSiteOnce) {
  const Tiny tiny;
  const Job job = tiny.Make("evaluate", Json::object());
  const auto base = LoadBase(job).value();
  const auto examples = LoadExamples(job, *base, {"select", std::nullopt, 0}).value();
  Weights leaves = base->Fresh(3);
  for (auto& [name, tensor] : leaves) tensor.set_requires_grad(true);
  Context context(at::kFloat);
  context.SetRecompute(true);
  std::map<std::string, int> seen;
  context.AddObserver(
      [&](const Site& site, const at::Tensor&, const at::Tensor&) { ++seen[site.name]; });
  const Batch batch = MakeBatch(*examples, {0, 1}, at::kCPU);
  base->model->Logits({&leaves, &base->weights}, batch, context).sum().backward();
  EXPECT_EQ(seen.size(), 14u);  // 2 layers of 6, pooler, classifier
  for (const auto& [name, count] : seen) EXPECT_EQ(count, 1) << name;
}

// Gradients reach every input, those of no layer too (a decoder's encoder states).
TEST(RecomputeTest, PassesGradientsToAllInputs) {
  at::manual_seed(2);
  const at::Tensor w = at::randn({4, 4}).set_requires_grad(true);
  const auto pass = [&](bool recompute) {
    w.mutable_grad() = at::Tensor();
    const at::Tensor x = torch::arange(8.0f).view({2, 4}).set_requires_grad(true),
                     y = torch::ones({2, 4}).set_requires_grad(true), fixed = torch::ones({2, 4});
    Context context(at::kFloat);
    context.SetRecompute(recompute);
    const auto out = nn::Recompute(context, {x * 2, y * 3, fixed}, [&](const auto& in) {
      return std::vector<at::Tensor>{at::tanh(at::mm(in[0], w)) + in[2], in[0] * in[1]};
    });
    (out[0].sum() + out[1].square().sum()).backward();
    return std::vector<at::Tensor>{x.grad(), y.grad(), w.grad().clone()};
  };
  const auto kept = pass(false), again = pass(true);
  for (size_t i = 0; i < 3; ++i) EXPECT_LE(Difference(kept[i], again[i]), 1e-6) << i;
}

}  // namespace
}  // namespace eida::engine
