// A run stopped after any update and resumed ends with the bytes of one never stopped, whatever its
// settings.
#include <gmock/gmock.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/train/checkpoint.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

struct Whole {
  Job job;
  JobResult result;
  Recorder events;
};

Whole TrainWhole(const Tiny& tiny, const Json& changes) {
  Whole whole;
  whole.job = tiny.Train(changes);
  auto result = RunTrain(whole.job, whole.events);
  EXPECT_TRUE(result.ok()) << result.status();
  if (result.ok()) whole.result = std::move(*result);
  return whole;
}

// Stops after each update in turn, goes on in fresh objects, and compares everything.
void ExpectResumable(const Tiny& tiny, const Json& changes) {
  const Whole whole = TrainWhole(tiny, changes);
  const int64_t steps = whole.result.summary.at("steps");
  ASSERT_GE(steps, 5);
  for (int stop_at = 1; stop_at < steps; ++stop_at) {
    Recorder stopped;
    stopped.stop_at = stop_at;
    ASSERT_EQ(ErrorClassOf(RunTrain(tiny.Train(changes), stopped).status()), "preempted");
    Job again = tiny.Train(changes);
    again.resume = stopped.checkpoints.back().second;
    Recorder resumed;
    const auto result = RunTrain(again, resumed);
    ASSERT_TRUE(result.ok()) << result.status();
    for (const OutputFile& file : whole.result.artifacts) {
      EXPECT_EQ(Bytes(ArtifactPath(*result, file.name)), Bytes(file.path))
          << file.name << " after a stop at " << stop_at << " of " << changes;
    }
    for (const char* key : {"steps", "epochs", "items", "tokens", "train_loss", "best",
                            "stopped_early", "skipped_steps", "loss_scale"}) {
      EXPECT_EQ(result->summary.value(key, Json()), whole.result.summary.value(key, Json()))
          << key << " after a stop at " << stop_at << " of " << changes;
    }
    std::vector<Recorder::Point> both = stopped.metrics;
    both.insert(both.end(), resumed.metrics.begin(), resumed.metrics.end());
    ASSERT_EQ(both.size(), whole.events.metrics.size());
    for (size_t i = 0; i < both.size(); ++i) {
      EXPECT_EQ(both[i].series, whole.events.metrics[i].series);
      EXPECT_EQ(both[i].value, whole.events.metrics[i].value) << both[i].series << both[i].step;
    }
  }
}

const Json kFullRun = {{"adapter",
                        {{"type", "none"},
                         {"r", nullptr},
                         {"alpha", nullptr},
                         {"dropout", nullptr},
                         {"targets", nullptr},
                         {"bias", nullptr}}},
                       {"train", {{"lr", 0.002}, {"epochs", 1.5}}}};

Json On(Json base, const Json& changes) {
  base.merge_patch(changes);
  return base;
}

TEST(ResumeAnywhereTest, AdamWithPolynomialDecayAndSmoothing) {
  const Tiny tiny;
  const Json changes = {
      {"train",
       {{"epochs", 1.5},
        {"optimizer", {{"name", "adam"}, {"betas", {0.9, 0.98}}, {"eps", 1e-6}}},
        {"schedule", {{"name", "polynomial"}, {"warmup_ratio", nullptr}, {"warmup_steps", 2}}},
        {"label_smoothing", 0.1}}}};
  ExpectResumable(tiny, changes);
  ExpectResumable(tiny, On(kFullRun, changes));
}

TEST(ResumeAnywhereTest, RestartsWithEveryEpoch) {
  const Tiny tiny;
  const Json changes = {{"train",
                         {{"epochs", 3},
                          {"grad_accum", 2},
                          {"schedule", {{"restart", "epoch"}, {"name", "cosine"}}}}}};
  ExpectResumable(tiny, changes);
}

TEST(ResumeAnywhereTest, TokenBudgets) {
  const Tiny tiny;
  for (const char* batching : {"padded", "bucketed", "packed"}) {
    ExpectResumable(tiny, {{"train",
                            {{"epochs", 2.5},
                             {"batch_size", nullptr},
                             {"batch_tokens", 90},
                             {"grad_accum", 2},
                             {"batching", batching},
                             {"schedule", {{"restart", "epoch"}}}}}});
  }
}

// A head so steep that the first scaled gradients are beyond fp16.
void MakeSteep(const Tiny& tiny) {
  Weights weights = ReadSafetensors(tiny.path("model.safetensors")).value();
  weights.at("classifier.weight") = weights.at("classifier.weight") * 40;
  ASSERT_TRUE(WriteSafetensors(weights, {{"format", "pt"}}, tiny.path("steep.safetensors")).ok());
  ASSERT_TRUE(RenameFile(tiny.path("steep.safetensors"), tiny.path("model.safetensors")).ok());
}

TEST(ResumeAnywhereTest, Fp16WithSkippedSteps) {
  const Tiny tiny({.with_prefix = true});
  MakeSteep(tiny);
  const Json changes = {{"train", {{"precision", "fp16"}, {"epochs", 1.5}}}};
  EXPECT_GT(TrainWhole(tiny, changes).result.summary.at("skipped_steps"), 0);
  ExpectResumable(tiny, changes);
}

TEST(ResumeAnywhereTest, EarlyStopping) {
  const Tiny tiny;
  const Json changes = {
      {"train", {{"epochs", 6}, {"batch_size", 24}, {"lr", 0.05}}},
      {"eval", {{"every", {{"steps", 1}}}, {"split", "select"}, {"metric", "accuracy"}}},
      {"checkpoint", {{"keep", {"last", "best"}}}},
      {"early_stop", {{"patience", 4}, {"min_delta", 0.01}, {"min_epochs", 2}}}};
  const Whole whole = TrainWhole(tiny, changes);
  EXPECT_TRUE(whole.result.summary.at("stopped_early").get<bool>());
  EXPECT_LT(whole.result.summary.at("steps").get<int64_t>(), 18);
  EXPECT_GE(whole.result.summary.at("epochs").get<double>(), 2);
  ExpectResumable(tiny, changes);
}

TEST(ResumeAnywhereTest, GradientCheckpointing) {
  const Tiny tiny;
  ExpectResumable(tiny, {{"train", {{"epochs", 1}, {"gradient_checkpointing", true}}},
                         {"adapter", {{"dropout", 0.1}}}});
}

TEST(EarlyStopRunTest, ARunThatKeepsImprovingIsNotStopped) {
  const Tiny tiny;
  const Whole whole = TrainWhole(
      tiny, {{"eval", {{"every", {{"epochs", 1}}}, {"split", "select"}, {"metric", "loss"}}},
             {"early_stop", {{"patience", 3}}}});
  EXPECT_FALSE(whole.result.summary.at("stopped_early").get<bool>());
  EXPECT_EQ(whole.result.summary.at("steps"), 27);
}

TEST(EarlyStopRunTest, AnotherMetricThanTheBestIsKeptBy) {
  const Tiny tiny;
  // No gain is above 2: with a patience of 1 the second evaluation ends the run.
  const Whole whole = TrainWhole(
      tiny, {{"eval", {{"every", {{"epochs", 1}}}, {"split", "select"}, {"metric", "loss"}}},
             {"early_stop", {{"patience", 1}, {"metric", "accuracy"}, {"min_delta", 2}}}});
  EXPECT_EQ(whole.result.summary.at("steps"), 18);
  EXPECT_EQ(whole.result.summary.at("best").at("metric"), "loss");
}

TEST(BestTest, OfEqualScoresTheEarlierStays) {
  const Tiny tiny;
  const Whole whole = TrainWhole(
      tiny, {{"train", {{"lr", 0}}},
             {"eval", {{"every", {{"epochs", 1}}}, {"split", "select"}, {"metric", "f1"}}},
             {"checkpoint", {{"keep", {"last", "best"}}}}});
  EXPECT_EQ(whole.result.summary.at("best").at("step"), 9);
}

TEST(ResumeAnywhereTest, AStopRuleIsPartOfTheRun) {
  const Tiny tiny;
  const Json evaluated = {
      {"eval", {{"every", {{"epochs", 1}}}, {"split", "select"}, {"metric", "loss"}}},
      {"early_stop", {{"patience", 3}}}};
  Recorder stopped;
  stopped.stop_at = 3;
  ASSERT_FALSE(RunTrain(tiny.Train(evaluated), stopped).ok());
  Job other = tiny.Train(On(evaluated, {{"early_stop", {{"patience", 2}}}}));
  other.resume = stopped.checkpoints.back().second;
  Recorder events;
  EXPECT_THAT(Message(RunTrain(other, events).status()), HasSubstr("other settings"));
}

// What a run left before its checkpoints had cycles, scaler and early stop.
TEST(ResumeAnywhereTest, ACheckpointOfAnEarlierVersionGoesOn) {
  const Tiny tiny;
  const Whole whole = TrainWhole(tiny, Json::object());
  Recorder stopped;
  stopped.stop_at = 10;
  ASSERT_FALSE(RunTrain(tiny.Train(), stopped).ok());
  const std::string path = stopped.checkpoints.back().second;
  std::map<std::string, std::string> metadata;
  const Weights tensors = ReadSafetensors(path, &metadata).value();
  Json state = ParseJson(metadata.at("eida.state"), "state").value();
  for (const char* key : {"optimizer_steps", "epoch", "scaler", "skipped", "early_stop"})
    ASSERT_EQ(state.erase(key), 1u) << key;
  metadata["eida.state"] = Canonical(state);
  ASSERT_TRUE(WriteSafetensors(tensors, metadata, tiny.path("old.safetensors")).ok());
  Job again = tiny.Train();
  again.resume = tiny.path("old.safetensors");
  Recorder events;
  const auto result = RunTrain(again, events);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Bytes(ArtifactPath(*result, "weights")), Bytes(ArtifactPath(whole.result, "weights")));
  EXPECT_EQ(result->summary.at("epochs"), 3);
}

}  // namespace
}  // namespace eida::engine
