// Runs that share their passes end as they would alone.
#include <gmock/gmock.h>
#include <torch/torch.h>

#include <deque>
#include <new>

#include "tests/unit/engine/limits.h"
#include "tests/unit/engine/tiny.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

struct PackedEnd {
  std::vector<Result<JobResult>> results;
  std::vector<size_t> order;  // in which they ended
};

PackedEnd Packed(const std::vector<Job>& jobs, std::deque<Recorder>& events) {
  PackedEnd end;
  end.results.assign(jobs.size(), Internal("never ended"));
  events.resize(jobs.size());
  std::vector<PackJob> pack;
  for (size_t k = 0; k < jobs.size(); ++k) pack.push_back({&jobs[k], &events[k]});
  TrainPack(pack, [&](size_t index, const Result<JobResult>& result) {
    end.results[index] = result;
    end.order.push_back(index);
  });
  EXPECT_EQ(end.order.size(), jobs.size());
  return end;
}

// Eight runs that differ in all that a run may differ in.
std::vector<Json> Eight() {
  const auto member = [](int64_t seed, int64_t r, double lr, double dropout, const Json& model,
                         int64_t steps, const Json& targets) {
    return Json{{"seed", seed},
                {"adapter", {{"r", r}, {"dropout", dropout}, {"targets", targets}}},
                {"train", {{"lr", lr}, {"dropout", model}, {"steps", steps}, {"epochs", nullptr}}},
                {"eval", {{"every", {{"steps", 20}}}, {"split", "select"}, {"metric", "loss"}}},
                {"checkpoint", {{"keep", {"last", "best"}}}}};
  };
  std::vector<Json> eight = {member(1, 2, 0.01, 0, nullptr, 50, {"query", "value"}),
                             member(2, 4, 0.01, 0.1, nullptr, 50, {"query", "value"}),
                             member(3, 8, 0.003, 0.2, 0, 50, {"query", "key", "value"}),
                             member(4, 1, 0.02, 0, 0.3, 50, {"fc1", "fc2"}),
                             member(1, 2, 0.005, 0.1, 0.2, 31, {"query", "value"}),
                             member(6, 3, 0.01, 0, nullptr, 44, {"attn_out"}),
                             member(7, 2, 0.01, 0.3, 0, 50, {"value"}),
                             member(8, 16, 0.001, 0, nullptr, 12, {"query", "value"})};
  eight[1]["train"]["grad_accum"] = 2;
  eight[2]["train"]["batch_size"] = 5;
  eight[3]["train"]["schedule"] = {{"name", "cosine"}, {"warmup_ratio", 0}, {"restart", "epoch"}};
  eight[5]["adapter"]["bias"] = "lora_only";
  eight[6]["train"]["grad_clip"] = 0;
  return eight;
}

std::vector<Job> JobsOf(const Tiny& tiny, const std::vector<Json>& changes) {
  std::vector<Job> jobs;
  for (const Json& change : changes) {
    jobs.push_back(tiny.Train(change));
    jobs.back().name += "/" + std::to_string(jobs.size() - 1);
  }
  return jobs;
}

// The trained tensors, the summary and everything that was said.
void ExpectSameEnd(const Result<JobResult>& packed, const Result<JobResult>& alone,
                   const std::string& what) {
  ASSERT_TRUE(packed.ok()) << what << ": " << packed.status();
  ASSERT_TRUE(alone.ok()) << what << ": " << alone.status();
  ASSERT_EQ(packed->artifacts.size(), alone->artifacts.size());
  for (const OutputFile& file : alone->artifacts) {
    const Weights expected = ReadSafetensors(file.path).value();
    const Weights trained = ReadSafetensors(ArtifactPath(*packed, file.name)).value();
    ASSERT_EQ(trained.size(), expected.size());
    for (const auto& [name, tensor] : expected)
      EXPECT_LE(Difference(trained.at(name), tensor), limits::packed_weights)
          << what << ", " << file.name << ": " << name;
  }
  for (const char* key : {"steps", "items", "tokens", "epochs", "trainable_parameters"})
    EXPECT_EQ(packed->summary.at(key), alone->summary.at(key)) << what << ": " << key;
}

void ExpectSameStory(const Recorder& packed, const Recorder& alone, const std::string& what) {
  EXPECT_EQ(packed.progress, alone.progress) << what;
  ASSERT_EQ(packed.metrics.size(), alone.metrics.size()) << what;
  for (size_t i = 0; i < alone.metrics.size(); ++i) {
    EXPECT_EQ(packed.metrics[i].series, alone.metrics[i].series);
    EXPECT_EQ(packed.metrics[i].step, alone.metrics[i].step);
    EXPECT_NEAR(packed.metrics[i].value, alone.metrics[i].value,
                10 * limits::packed_weights * (1 + std::abs(alone.metrics[i].value)))
        << what << ": " << alone.metrics[i].series << " at " << alone.metrics[i].step;
  }
}

TEST(PackTest, EachOfEightRunsEndsAsItWouldAlone) {
  const Tiny tiny;
  for (const Json& common : {Json::object(), Json{{"train", {{"gradient_checkpointing", true}}}}}) {
    std::vector<Json> eight = Eight();
    for (Json& member : eight) member.merge_patch(common);
    std::deque<Recorder> said;
    const std::vector<Job> jobs = JobsOf(tiny, eight);
    const PackedEnd end = Packed(jobs, said);
    EXPECT_EQ(end.order.front(), 7u) << "the shortest run does not wait for the others";
    for (size_t k = 0; k < jobs.size(); ++k) {
      Recorder alone;
      const std::string what = "run " + std::to_string(k);
      ExpectSameEnd(end.results[k], RunTrain(tiny.Train(eight[k]), alone), what);
      ExpectSameStory(said[k], alone, what);
    }
  }
}

TEST(PackTest, ARunInBf16EndsAsItWouldAlone) {
  const Tiny tiny;
  std::vector<Json> members = {Eight()[0], Eight()[1], Eight()[4]};
  for (Json& member : members) member["train"]["precision"] = "bf16";
  std::deque<Recorder> said;
  const PackedEnd end = Packed(JobsOf(tiny, members), said);
  for (size_t k = 0; k < members.size(); ++k) {
    Recorder alone;
    ExpectSameEnd(end.results[k], RunTrain(tiny.Train(members[k]), alone), std::to_string(k));
  }
}

TEST(PackTest, ARunThatDivergesEndsAloneWithItsOwnMessage) {
  const Tiny tiny;
  std::vector<Json> members = {Eight()[0], Eight()[1], Eight()[6]};
  members[1]["train"] = {{"lr", 1e38}, {"grad_clip", 0}, {"epochs", 50}};
  std::deque<Recorder> said;
  const PackedEnd end = Packed(JobsOf(tiny, members), said);
  EXPECT_EQ(end.order.front(), 1u);
  ASSERT_FALSE(end.results[1].ok());
  EXPECT_EQ(ErrorClassOf(end.results[1].status()), "nonfinite");
  EXPECT_THAT(Message(end.results[1].status()), HasSubstr("tiny/train/1"));
  Recorder lonely;
  const Status alone = RunTrain(tiny.Train(members[1]), lonely).status();
  EXPECT_EQ(said[1].progress, lonely.progress);
  const auto behind_name = [](const std::string& text) { return text.substr(text.find(": ")); };
  EXPECT_EQ(behind_name(Message(end.results[1].status())), behind_name(Message(alone)));
  for (const size_t k : {0u, 2u}) {
    Recorder calm;
    ExpectSameEnd(end.results[k], RunTrain(tiny.Train(members[k]), calm), std::to_string(k));
    ExpectSameStory(said[k], calm, std::to_string(k));
  }
}

TEST(PackTest, AllMayDivergeInTheMiddleOfAnUpdate) {
  const Tiny tiny;
  std::vector<Json> members = {Eight()[0], Eight()[1]};
  for (Json& member : members)
    member["train"].merge_patch(
        Json{{"lr", 1e30}, {"grad_clip", 0}, {"grad_accum", 2}, {"epochs", 50}});
  std::deque<Recorder> said;
  const PackedEnd end = Packed(JobsOf(tiny, members), said);
  for (const auto& result : end.results) EXPECT_EQ(ErrorClassOf(result.status()), "nonfinite");
}

TEST(PackTest, ACheckpointGoesOnPackedOrAlone) {
  const Tiny tiny;
  const std::vector<Json> members = {Eight()[1], Eight()[2], Eight()[4]};
  std::vector<Job> jobs = JobsOf(tiny, members);
  std::vector<Result<JobResult>> undisturbed;
  for (const Json& member : members) {
    Recorder calm;
    undisturbed.push_back(RunTrain(tiny.Train(member), calm));
  }
  // Packed until 9 updates of each, alone until 20, packed to the end.
  std::deque<Recorder> said(jobs.size());
  for (Recorder& events : said) events.stop_at = 9;
  const PackedEnd stopped = Packed(jobs, said);
  for (size_t k = 0; k < jobs.size(); ++k) {
    ASSERT_EQ(ErrorClassOf(stopped.results[k].status()), "preempted");
    ASSERT_EQ(said[k].checkpoints.size(), 1u);
    EXPECT_EQ(said[k].checkpoints[0].first, 9);
    jobs[k].resume = said[k].checkpoints[0].second;
    Recorder alone;
    alone.stop_at = 11;
    ASSERT_EQ(ErrorClassOf(RunTrain(jobs[k], alone).status()), "preempted");
    ASSERT_FALSE(alone.checkpoints.empty());
    jobs[k].resume = alone.checkpoints.back().second;
  }
  std::deque<Recorder> last;
  const PackedEnd end = Packed(jobs, last);
  for (size_t k = 0; k < jobs.size(); ++k) {
    ExpectSameEnd(end.results[k], undisturbed[k], std::to_string(k));
    EXPECT_EQ(end.results[k]->summary.at("resumed_from_step"), 20);
  }
}

TEST(PackTest, OneThatCannotBeMadeOrSharesNothingDoesNotDisturbTheOthers) {
  const Tiny tiny;
  std::vector<Json> members = {Eight()[0], Eight()[1], Eight()[0], Eight()[0], Eight()[4]};
  members[1]["adapter"]["targets"] = {"no_such_module"};
  members[2]["adapter"] = {{"bias", "all"}};  // LayerNorm's too: no linear map's
  members[3]["train"]["precision"] = "bf16";
  std::deque<Recorder> said;
  const PackedEnd end = Packed(JobsOf(tiny, members), said);
  EXPECT_EQ(ErrorClassOf(end.results[1].status()), "config");
  for (const size_t k : {0u, 2u, 3u, 4u}) {
    Recorder alone;
    ExpectSameEnd(end.results[k], RunTrain(tiny.Train(members[k]), alone), std::to_string(k));
  }
}

// Has no memory left at its fifth update.
class Starved : public Recorder {
 public:
  void Progress(int64_t done, int64_t total, const std::string& unit) override {
    if (done == 5) throw std::bad_alloc();
    Recorder::Progress(done, total, unit);
  }
};

TEST(PackTest, AfterARunThatHadNoMemoryTheOthersLeaveCheckpoints) {
  const Tiny tiny;
  const std::vector<Job> jobs = JobsOf(tiny, {Eight()[0], Eight()[1], Eight()[6]});
  Recorder first, third;
  Starved second;
  std::vector<Result<JobResult>> results(3, Internal("never ended"));
  TrainPack({{&jobs[0], &first}, {&jobs[1], &second}, {&jobs[2], &third}},
            [&](size_t k, const Result<JobResult>& result) { results[k] = result; });
  EXPECT_EQ(ErrorClassOf(results[1].status()), "oom");
  EXPECT_THAT(Message(results[1].status()), HasSubstr("tiny/train/1"));
  for (const size_t k : {0u, 2u}) {
    EXPECT_EQ(ErrorClassOf(results[k].status()), "preempted");
    const Recorder& events = k == 0 ? first : third;
    ASSERT_EQ(events.checkpoints.size(), 1u);
    EXPECT_EQ(events.checkpoints[0].first, 5);
  }
}

TEST(PackTest, TheKeySaysWhichRunsCanShare) {
  const Tiny tiny;
  const auto key = [&](const Json& changes) { return PackKey(tiny.Train(changes)); };
  const std::string plain = key(Json::object());
  EXPECT_NE(plain, "");
  for (const Json& change : Eight()) {
    Json same = change;
    same.erase("eval");
    same.erase("checkpoint");
    EXPECT_EQ(key(same), plain) << change;
  }
  for (const Json& other : {Json{{"precision", "bf16"}}, Json{{"gradient_checkpointing", true}},
                            Json{{"label_smoothing", 0.1}}})
    EXPECT_NE(key({{"train", other}}), plain) << other;
  EXPECT_NE(key({{"data", {{"max_length", 12}}}}), plain);
  EXPECT_EQ(key({{"train", {{"precision", "fp16"}}}}), "");
  for (const char* type : {"none", "eida", "lora_xs", "bitfit"})
    EXPECT_EQ(key({{"adapter", {{"type", type}}}}), "") << type;
  Job evaluate = tiny.Train();
  evaluate.kind = "evaluate";
  EXPECT_EQ(PackKey(evaluate), "");
}

}  // namespace
}  // namespace eida::engine
