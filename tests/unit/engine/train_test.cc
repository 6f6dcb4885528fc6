#include <gmock/gmock.h>
#include <torch/torch.h>

#include <chrono>
#include <thread>

#include "tests/unit/engine/tiny.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

const Json kWithoutAdapter = {{"adapter",
                               {{"type", "none"},
                                {"r", nullptr},
                                {"alpha", nullptr},
                                {"dropout", nullptr},
                                {"targets", nullptr},
                                {"bias", nullptr}}},
                              {"train", {{"lr", 0.002}}}};

Json With(Json base, const Json& changes) {
  base.merge_patch(changes);
  return base;
}

JobResult MustTrain(const Job& job, Recorder& events) {
  auto result = RunTrain(job, events);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? std::move(*result) : JobResult{};
}
std::string TrainedBytes(const Job& job) {
  Recorder events;
  return Bytes(ArtifactPath(MustTrain(job, events), "weights"));
}

TEST(TrainTest, LearnsWithLoraAndWithAllParameters) {
  const Tiny tiny;
  const Json evaluated = {
      {"train", {{"epochs", 12}}},
      {"eval", {{"every", {{"epochs", 4}}}, {"split", "select"}, {"metric", "accuracy"}}}};
  for (const Json& adapter : {Json::object(), kWithoutAdapter}) {
    for (const char* precision : {"fp32", "bf16"}) {
      Recorder events;
      const Json changes = With(With(adapter, evaluated), {{"train", {{"precision", precision}}}});
      const JobResult result = MustTrain(tiny.Train(changes), events);
      EXPECT_GT(events.metrics.front().value, 0.6);
      EXPECT_LT(events.Last("train/loss"), 0.4) << precision;
      EXPECT_GT(events.Last("select/accuracy"), 0.8) << precision;
      EXPECT_GE(result.summary.at("best").at("accuracy").get<double>(),
                events.Last("select/accuracy"));
    }
  }
}

TEST(TrainTest, SaysWhatItDid) {
  const Tiny tiny;
  Recorder events;
  const JobResult result = MustTrain(tiny.Train(), events);
  EXPECT_EQ(result.summary.at("steps"), 27);  // 72 items, 8 a batch, 3 epochs
  EXPECT_EQ(result.summary.at("items"), 216);
  EXPECT_EQ(result.summary.at("train_items"), 72);
  EXPECT_EQ(result.summary.at("epochs"), 3);
  EXPECT_EQ(result.summary.at("resumed_from_step"), 0);
  EXPECT_EQ(result.summary.at("trainable_parameters"), 4 * (2 * 32 + 32 * 2) + 2 * 32 + 2);
  EXPECT_GT(result.summary.at("base_parameters").get<int64_t>(), 10000);
  EXPECT_EQ(events.progress.size(), 27u);
  EXPECT_EQ(result.artifacts.at(0).kind, "adapter");
  Recorder full;
  EXPECT_EQ(MustTrain(tiny.Train(kWithoutAdapter), full).artifacts.at(0).kind, "model");
}

TEST(TrainTest, TheSeedDecidesEverything) {
  const Tiny tiny;
  const std::string first = TrainedBytes(tiny.Train());
  EXPECT_EQ(first, TrainedBytes(tiny.Train()));
  EXPECT_NE(first, TrainedBytes(tiny.Train({{"seed", 2}})));
}

TEST(TrainTest, AccumulatedMicroBatchesEqualOneLargeBatch) {
  const Tiny tiny;
  const Json plain = {{"train", {{"dropout", 0}, {"batching", "padded"}, {"epochs", 2}}}};
  Recorder a, b;
  const JobResult whole = MustTrain(tiny.Train(With(plain, {{"train", {{"batch_size", 16}}}})), a);
  const JobResult cut =
      MustTrain(tiny.Train(With(plain, {{"train", {{"batch_size", 4}, {"grad_accum", 4}}}})), b);
  EXPECT_EQ(whole.summary.at("steps"), cut.summary.at("steps"));
  const Weights left = ReadSafetensors(ArtifactPath(whole, "weights")).value(),
                right = ReadSafetensors(ArtifactPath(cut, "weights")).value();
  for (const auto& [name, tensor] : left)
    EXPECT_LE(Difference(tensor, right.at(name)), 2e-4) << name;
}

// Stops after `stop_at` updates, goes on from the checkpoint in fresh objects, and must end with
// the same bytes.
void ExpectSameAfterStop(const Tiny& tiny, const Json& changes, int stop_at) {
  const Job undisturbed = tiny.Train(changes);
  Recorder calm;
  const JobResult expected = MustTrain(undisturbed, calm);
  Recorder stopped;
  stopped.stop_at = stop_at;
  const auto preempted = RunTrain(tiny.Train(changes), stopped);
  ASSERT_EQ(ErrorClassOf(preempted.status()), "preempted");
  ASSERT_FALSE(stopped.checkpoints.empty());
  EXPECT_EQ(stopped.checkpoints.back().first, stop_at);
  Job again = tiny.Train(changes);
  again.resume = stopped.checkpoints.back().second;
  Recorder resumed;
  const JobResult result = MustTrain(again, resumed);
  EXPECT_EQ(result.summary.at("resumed_from_step"), stop_at);
  for (const OutputFile& file : expected.artifacts) {
    EXPECT_EQ(Bytes(ArtifactPath(result, file.name)), Bytes(file.path))
        << file.name << " after a stop at " << stop_at;
  }
  for (const char* key : {"steps", "items", "tokens", "train_loss", "best"}) {
    EXPECT_EQ(result.summary.value(key, Json()), expected.summary.value(key, Json())) << key;
  }
  // The metrics of both attempts together are those of the undisturbed run.
  std::vector<Recorder::Point> both = stopped.metrics;
  both.insert(both.end(), resumed.metrics.begin(), resumed.metrics.end());
  ASSERT_EQ(both.size(), calm.metrics.size());
  for (size_t i = 0; i < both.size(); ++i) {
    EXPECT_EQ(both[i].series, calm.metrics[i].series);
    EXPECT_EQ(both[i].step, calm.metrics[i].step);
    EXPECT_EQ(both[i].value, calm.metrics[i].value);
  }
}

TEST(ResumeTest, AStoppedRunEndsWithTheSameBytes) {
  const Tiny tiny;
  const Json keeping = {
      {"train", {{"grad_accum", 2}}},
      {"adapter", {{"dropout", 0.1}}},
      {"eval", {{"every", {{"steps", 4}}}, {"split", "select"}, {"metric", "loss"}}},
      {"checkpoint", {{"keep", {"last", "best"}}}}};
  for (const int stop_at : {1, 5, 7, 10, 14})
    ExpectSameAfterStop(tiny, keeping, stop_at);  // 5 and 10: ends of epochs
  ExpectSameAfterStop(tiny, With(kWithoutAdapter, {{"train", {{"batching", "padded"}}}}), 9);
  ExpectSameAfterStop(tiny, {{"train", {{"precision", "bf16"}}}}, 13);
  ExpectSameAfterStop(tiny, {{"train", {{"epochs", 200}}}},
                      301);  // within an interval of the loss metric
}

TEST(ResumeTest, AdaptersThatLookAtTheDataResumeToo) {
  const Tiny tiny;
  for (const char* type : {"bitfit", "eva", "lora_sb", "lora_xs"}) {
    SCOPED_TRACE(type);
    ExpectSameAfterStop(tiny, {{"adapter", {{"type", type}}}}, 13);
  }
}

// Gives the disk time, longer from update to update (8 s in all), while a checkpoint that was begun
// is not announced: one that comes due meanwhile would be put off, past the end of so short a run.
class WaitsForTheDisk : public Recorder {
 public:
  void Progress(int64_t done, int64_t total, const std::string& unit) override {
    Recorder::Progress(done, total, unit);
    const int64_t begun = (done - 1) / 9, since = (done - 1) % 9;  // 9 updates an epoch
    if (static_cast<int64_t>(checkpoints.size()) < begun)
      std::this_thread::sleep_for(std::chrono::milliseconds(30 << since));
  }
};

TEST(ResumeTest, PeriodicCheckpointsResumeToo) {
  const Tiny tiny;
  const Json every = {{"checkpoint", {{"every", {{"epochs", 1}}}}}};
  WaitsForTheDisk events;
  const JobResult expected = MustTrain(tiny.Train(every), events);
  ASSERT_EQ(events.checkpoints.size(), 2u);  // the end is the weights themselves
  EXPECT_EQ(events.checkpoints[0].first, 9);
  for (const auto& [step, path] : events.checkpoints) {
    Job job = tiny.Train(every);
    job.resume = path;
    Recorder resumed;
    EXPECT_EQ(Bytes(ArtifactPath(MustTrain(job, resumed), "weights")),
              Bytes(ArtifactPath(expected, "weights")))
        << step;
  }
  // How often a checkpoint is written changes nothing.
  EXPECT_EQ(TrainedBytes(tiny.Train()), Bytes(ArtifactPath(expected, "weights")));
}

TEST(ResumeTest, TheCheckpointOfAnotherRunIsRefused) {
  const Tiny tiny;
  Recorder stopped;
  stopped.stop_at = 3;
  ASSERT_FALSE(RunTrain(tiny.Train(), stopped).ok());
  Job other = tiny.Train({{"seed", 2}});
  other.resume = stopped.checkpoints.back().second;
  Recorder events;
  EXPECT_THAT(Message(RunTrain(other, events).status()), HasSubstr("other settings"));
  other.resume = tiny.path("model.safetensors");
  EXPECT_THAT(Message(RunTrain(other, events).status()), HasSubstr("not a checkpoint"));
  EXPECT_TRUE(events.progress.empty());
}

TEST(TrainTest, NoStepsLeaveARunAsItStarts) {
  const Tiny tiny;
  for (const char* type : {"none", "bitfit", "lora", "lora_xs"}) {
    SCOPED_TRACE(type);
    const Json adapter =
        std::string(type) == "none" ? kWithoutAdapter["adapter"] : Json{{"type", type}};
    Recorder events;
    const JobResult result = MustTrain(
        tiny.Train({{"adapter", adapter}, {"train", {{"steps", 0}, {"epochs", nullptr}}}}), events);
    EXPECT_EQ(result.summary.at("steps"), 0);
    const Job still = tiny.Train({{"adapter", adapter}, {"train", {{"lr", 0}}}});
    EXPECT_TRUE(Bytes(ArtifactPath(result, "weights")) == TrainedBytes(still));
  }
}

TEST(TrainTest, AStopBeforeTheFirstStepLeavesNothing) {
  const Tiny tiny;
  struct Impatient : Recorder {
    bool StopRequested() override { return true; }
  } events;
  EXPECT_EQ(ErrorClassOf(RunTrain(tiny.Train(), events).status()), "preempted");
  EXPECT_TRUE(events.checkpoints.empty());
}

TEST(TrainTest, DivergenceIsNonfiniteAndNamesTheStep) {
  const Tiny tiny;
  Recorder events;
  const auto result =
      RunTrain(tiny.Train({{"train", {{"lr", 1e20}, {"grad_clip", 0}, {"epochs", 50}}}}), events);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(ErrorClassOf(result.status()), "nonfinite");
  EXPECT_THAT(Message(result.status()), HasSubstr("at step "));
}

TEST(TrainTest, SettingsThatMakeNoSenseAreConfigErrors) {
  const Tiny tiny;
  Recorder events;
  for (const Json& bad :
       {Json{{"train", {{"batch_size", 0}}}}, Json{{"train", {{"lr", "fast"}}}},
        Json{{"train", {{"precision", "fp8"}}}}, Json{{"train", {{"epochs", 0}}}},
        Json{{"train", {{"steps", -1}}}}, Json{{"train", {{"batching", "random"}}}},
        Json{{"train", {{"optimizer", {{"name", "sgd"}}}}}},
        Json{{"adapter", {{"targets", {"nothing"}}}}}, Json{{"checkpoint", {{"keep", {"best"}}}}},
        Json{{"eval", {{"every", {{"epochs", 0}}}}}},
        Json{{"eval", {{"every", {{"epochs", 1}}}, {"split", "nowhere"}}}}}) {
    const auto result = RunTrain(tiny.Train(bad), events);
    EXPECT_EQ(ErrorClassOf(result.status()), "config") << bad << result.status();
  }
}

}  // namespace
}  // namespace eida::engine
