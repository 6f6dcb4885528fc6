// Inputs fetched, artifacts and checkpoints uploaded, the log.
#include "tests/unit/agent/fixture.h"

namespace eida::agent {
namespace {

TEST_F(AgentTest, AnArtifactThatIsMadeTwiceFailsTheJob) {
  const std::string weights =
      R"(["artifact", {"name": "weights", "kind": "file", "content": "x"}], )";
  Offer(1, 0, {Job(1, std::string(kStarted) + ", " + weights + weights + kDone)});
  Start();
  const Finished end = End(1);
  EXPECT_EQ(end.error, ErrorClass::kInternal);
  EXPECT_THAT(end.message, HasSubstr("made artifact weights twice"));
}

TEST_F(AgentTest, ASlowUploadDoesNotStopTheReadingOfEvents) {
  std::atomic<bool> release = false;
  artifacts_.on_put = [&](const Digest&, std::stop_token stop) {
    while (!release && !stop.stop_requested()) SleepFor(Millis(5), stop);
    return OkStatus();
  };
  Offer(1, 0,
        {Job(1, std::string(kStarted) + R"(, ["checkpoint", 1], ["flood", 20000],
               ["emit", {"event": "metric", "series": "after", "step": 1, "value": 2}], ["artifact", {"name": "w", "kind": "adapter"}], )" +
                    kDone)});
  Start();
  EXPECT_TRUE(coordinator_.WaitForItem<Metrics>(1));
  EXPECT_TRUE(coordinator_.Items<CheckpointMade>(1).empty());
  release = true;
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_EQ(coordinator_.Items<CheckpointMade>(1).size(), 1u);
}

TEST_F(AgentTest, AFullDiskOnFetchIsAnIoError) {
  artifacts_.on_get = [](const Digest&, const std::string& path, std::stop_token) {
    return ErrnoStatus(ENOSPC, path);
  };
  GrantJob job = Job(1);
  job.inputs = {artifacts_.Add("data/train", "rows")};
  Offer(1, 0, {job});
  Start();
  const Finished end = End(1);
  EXPECT_EQ(end.error, ErrorClass::kIo);
  EXPECT_THAT(end.message, HasSubstr("data/train"));
  EXPECT_THAT(end.message, HasSubstr("No space left"));
}

TEST_F(AgentTest, AnInputThatDoesNotFitIsRefusedBeforeItIsFetched) {
  GrantJob job = Job(1);
  job.inputs = {artifacts_.Add("data/train", "rows")};
  job.inputs[0].size = int64_t{1} << 60;
  Offer(1, 0, {job});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kIo);
  EXPECT_THAT(End(1).message, HasSubstr("--cache"));
  EXPECT_EQ(artifacts_.gets, 0);
}

TEST_F(AgentTest, ADamagedDownloadIsRepeatedAndThenGivenUp) {
  std::atomic<int> damaged = 2;
  artifacts_.on_get = [&](const Digest&, const std::string& path, std::stop_token) -> Status {
    if (damaged-- <= 0) return OkStatus();
    std::ofstream(path) << "other bytes";
    return Unavailable("connection reset");
  };
  GrantJob job = Job(1);
  job.inputs = {artifacts_.Add("data/train", "rows")};
  job.resume = artifacts_.Add("checkpoint", "gone");
  job.resume->digest = DigestOf("not stored anywhere");
  Offer(1, 0, {job});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kNone)
      << End(1).message;  // without its checkpoint, from the beginning
  EXPECT_EQ(artifacts_.gets, 2);
}

TEST_F(AgentTest, OnlyTheNewestCheckpointStaysHere) {
  Offer(1, 0,
        {Job(1, std::string(kStarted) +
                    R"(, ["checkpoint", 1], ["checkpoint", 2], ["checkpoint", 3], )" + Until("go") +
                    ", " + kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<CheckpointMade>(1, 3));
  const auto made = coordinator_.Items<CheckpointMade>(1);
  EXPECT_EQ(made[2].metrics, R"({"loss":0.5})");
  for (const auto& checkpoint : made) EXPECT_TRUE(artifacts_.Holds(checkpoint.artifact.digest));
  for (int i = 0; i < 400 && cache_->Bytes() > made[2].artifact.size; ++i) usleep(5000);
  EXPECT_EQ(cache_->Bytes(), made[2].artifact.size);
  Touch("go");
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
}

TEST_F(AgentTest, TheRunnersLogIsBounded) {
  options_.lease.max_log_lines = 50;
  Offer(1, 0, {Job(1, std::string(kStarted) + R"(, ["flood", 5000], )" + kDone)});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  const auto lines = coordinator_.Items<LogText>(1);
  ASSERT_LE(lines.size(), 50u);
  EXPECT_THAT(lines.back().text, HasSubstr("cut here"));
}

}  // namespace
}  // namespace eida::agent
