// fp16: its numbers, its scaled loss, its skipped steps.
#include <gmock/gmock.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/models/base.h"
#include "worker/engine/nn/functional.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

TEST(Fp16Test, EvaluatesAsFp32ToItsPrecision) {
  const Tiny tiny;
  Job job = tiny.Make("evaluate", Json::object());
  const auto base = LoadBase(job).value();
  const auto examples = LoadExamples(job, *base, {"select", std::nullopt, 0}).value();
  const Weights head = base->Fresh(3);
  const auto logits = [&](at::ScalarType type) {
    return EvaluateWeights(*base, head, *examples, {type, 8, true})->logits;
  };
  const at::Tensor exact = logits(at::kFloat), half = logits(at::kHalf),
                   brain = logits(at::kBFloat16);
  EXPECT_GT(Difference(exact, half), 0);
  EXPECT_LE(Difference(exact, half), 2e-3 * exact.abs().max().item<double>());
  EXPECT_LT(Difference(exact, half), Difference(exact, brain)) << "11 bits against 8";
  const nn::PlainForms plain;  // the form of other devices
  EXPECT_LE(Difference(logits(at::kHalf), half), 2e-3 * exact.abs().max().item<double>());
}

TEST(Fp16Test, GradientsAreThoseOfFp32ToItsPrecision) {
  const Tiny tiny;
  Job job = tiny.Make("evaluate", Json::object());
  const auto base = LoadBase(job).value();
  const auto examples = LoadExamples(job, *base, {"select", std::nullopt, 0}).value();
  const Batch batch = MakeBatch(*examples, {0, 1, 2, 3, 4, 5}, at::kCPU);
  const auto gradients = [&](at::ScalarType type) {
    Weights leaves = base->Fresh(3);
    for (const auto& [name, tensor] : base->weights) leaves[name] = tensor.clone();
    for (auto& [name, tensor] : leaves) tensor.set_requires_grad(true);
    Context context(type);
    context.SetDropoutStream(5);
    const double scale = type == at::kHalf ? 1024 : 1;
    (LossesOf(*base->model, {&leaves, &base->weights}, batch, context, 0).sum.sum() * scale)
        .backward();
    Weights grads;
    for (const auto& [name, tensor] : leaves) {
      if (tensor.grad().defined())
        grads[name] =
            (tensor.grad().is_sparse() ? tensor.grad().to_dense() : tensor.grad()) / scale;
    }
    return grads;
  };
  const Weights exact = gradients(at::kFloat), half = gradients(at::kHalf);
  ASSERT_EQ(exact.size(), half.size());
  for (const auto& [name, tensor] : exact) {
    EXPECT_EQ(half.at(name).scalar_type(), at::kFloat) << name;
    const double size = tensor.norm().item<double>();
    EXPECT_LE((half.at(name) - tensor).norm().item<double>(), 0.02 * size + 1e-4) << name;
  }
}

TEST(Fp16Test, TrainsAndSaysWhatItSkipped) {
  const Tiny tiny;
  Recorder events;
  const auto result =
      RunTrain(tiny.Train({{"train", {{"precision", "fp16"}, {"epochs", 12}}}}), events);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_LT(events.Last("train/loss"), 0.4);
  const int64_t skipped = result->summary.at("skipped_steps");
  EXPECT_LT(skipped, 10);
  EXPECT_EQ(result->summary.at("loss_scale"), std::ldexp(65536.0, -static_cast<int>(skipped)));
  EXPECT_EQ(events.Last("train/loss_scale"), result->summary.at("loss_scale"));
}

// A head so steep that the first scaled gradients are beyond fp16.
void Steepen(const Tiny& tiny) {
  Weights weights = ReadSafetensors(tiny.path("model.safetensors")).value();
  weights.at("classifier.weight") = weights.at("classifier.weight") * 40;
  ASSERT_TRUE(WriteSafetensors(weights, {{"format", "pt"}}, tiny.path("steep.safetensors")).ok());
  ASSERT_TRUE(RenameFile(tiny.path("steep.safetensors"), tiny.path("model.safetensors")).ok());
}

// A skipped step leaves weights, moments and schedule as they were.
TEST(Fp16Test, ASkippedStepChangesNothing) {
  const Tiny tiny({.with_prefix = true});
  Steepen(tiny);
  const Json changes = {{"train", {{"precision", "fp16"}, {"lr", 0.002}, {"epochs", 2}}}};
  Recorder events;
  const auto result = RunTrain(tiny.Train(changes), events);
  ASSERT_TRUE(result.ok()) << result.status();
  const int64_t skipped = result->summary.at("skipped_steps");
  ASSERT_GT(skipped, 0);
  // The last rate of learning is the one of an update so many steps before the end.
  const double peak = 0.002, updates = 18, warmup = 2;
  EXPECT_NEAR(events.Last("train/lr"),
              peak * (updates - (updates - 1 - static_cast<double>(skipped))) / (updates - warmup),
              1e-12);
}

TEST(Fp16Test, AScaleBelowTheFloorIsNonfinite) {
  const Tiny tiny;
  Recorder events;
  const auto result = RunTrain(
      tiny.Train(
          {{"train", {{"precision", "fp16"}, {"lr", 1e20}, {"grad_clip", 0}, {"epochs", 50}}}}),
      events);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(ErrorClassOf(result.status()), "nonfinite");
  EXPECT_THAT(Message(result.status()), HasSubstr("at step "));
  EXPECT_THAT(Message(result.status()), HasSubstr("loss scaled"));
}

TEST(Fp16Test, EvaluateJobsTakeIt) {
  const Tiny tiny;
  Recorder events;
  const auto trained = RunTrain(tiny.Train(), events);
  ASSERT_TRUE(trained.ok());
  Job job = tiny.Make("evaluate", {{"split", "select"},
                                   {"samples", nullptr},
                                   {"item_seed", 0},
                                   {"numerics", {{"precision", "fp16"}, {"batch_size", 8}}}});
  job.inputs["weights"] = ArtifactPath(*trained, "weights");
  const auto result = RunEvaluate(job, events);
  EXPECT_TRUE(result.ok()) << result.status();
}

}  // namespace
}  // namespace eida::engine
