// Leases that run, end and are reported.
#include "common/base/json.h"
#include "tests/unit/agent/fixture.h"

namespace eida::agent {
namespace {

TEST_F(AgentTest, AJobRunsAndItsResultIsStoredBeforeItIsReported) {
  GrantJob job = Job(7);
  job.inputs = {artifacts_.Add("data/train", "rows")};
  Offer(1, 0, {job});
  Start();
  const Finished end = End(7);
  EXPECT_EQ(end.error, ErrorClass::kNone) << end.message;
  EXPECT_EQ(end.summary, R"({"steps":1})");
  ASSERT_EQ(end.artifacts.size(), 1u);
  EXPECT_EQ(end.artifacts[0].name, "weights");
  EXPECT_EQ(DigestOf(artifacts_.Content(end.artifacts[0].digest)), end.artifacts[0].digest);
  EXPECT_EQ(static_cast<int64_t>(artifacts_.Content(end.artifacts[0].digest).size()),
            end.artifacts[0].size);
  EXPECT_EQ(coordinator_.Items<Started>(7).size(), 1u);
  EXPECT_EQ(coordinator_.Items<Progress>(7).back().total, 2);
  const auto metrics = coordinator_.Items<Metrics>(7);
  ASSERT_EQ(metrics.size(), 1u);
  EXPECT_EQ(metrics[0].points[0].value, 0.25);
  EXPECT_TRUE(NothingHeld());
  Stop();
  EXPECT_THAT(ListDir(Path("work")).value(), IsEmpty());
}

TEST_F(AgentTest, AReportThatIsNeverTakenEndsItsJobAndHoldsNothingElseUp) {
  coordinator_.refuse = [](const std::vector<JobReport>& reports) -> Status {
    for (const JobReport& report : reports) {
      for (const ReportItem& item : report.items) {
        const auto* end = std::get_if<Finished>(&item);
        if (report.job == JobId(1) && end != nullptr && end->error == ErrorClass::kNone)
          return FailedPrecondition("artifact \"weights\" is not in the store");
      }
    }
    return OkStatus();
  };
  Offer(1, 0, {Job(1)});
  Offer(2, 1, {Job(2)});
  Start();
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
  const Finished end = End(1);
  EXPECT_EQ(end.error, ErrorClass::kIo);
  EXPECT_THAT(end.message, HasSubstr("is not in the store"));
  EXPECT_THAT(end.artifacts, IsEmpty());
  EXPECT_TRUE(NothingHeld());
}

TEST_F(AgentTest, EveryKindOfEndIsReportedAsWhatItIs) {
  Offer(1, 0, {Job(1, std::string(kStarted) + R"(, ["signal", 11])")});
  Offer(2, 1, {Job(2, std::string(kStarted) + R"(, ["exit", 0])")});
  Offer(
      3, 0,
      {Job(3, std::string(kStarted) +
                  R"(, ["emit", {"event": "error", "class": "oom", "message": "batch of 64"}])")});
  Offer(4, 1,
        {Job(4, std::string(kStarted) +
                    R"(, ["artifact", {"name": "weights", "kind": "adapter", "missing": 1}], )" +
                    kDone)});
  Offer(5, 0,
        {Job(5, std::string(kStarted) +
                    R"(, ["artifact", {"name": "weights", "kind": "adapter", "corrupt": 1}], )" +
                    kDone)});
  Offer(6, 1, {Job(6, std::string(kStarted) + R"(, ["log", "the reason"], ["exit", 1])")});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kCrashed);
  EXPECT_THAT(End(1).message, HasSubstr("SIGSEGV"));
  EXPECT_EQ(End(2).error, ErrorClass::kCrashed);
  EXPECT_EQ(End(3).error, ErrorClass::kOom);
  EXPECT_EQ(End(3).message, "batch of 64");
  EXPECT_EQ(End(4).error, ErrorClass::kCrashed);
  EXPECT_THAT(End(4).message, HasSubstr("artifact weights is not what the runner claims"));
  EXPECT_EQ(End(5).error, ErrorClass::kCrashed);
  EXPECT_THAT(End(6).message, HasSubstr("the reason"));
  EXPECT_EQ(coordinator_.Items<LogText>(6).at(0).text, "the reason");
}

TEST_F(AgentTest, ACrashInABundleCostsOnlyTheJobThatHadStarted) {
  Offer(1, 0, {Job(1), Job(2, std::string(kStarted) + R"(, ["signal", 9])"), Job(3)});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_EQ(End(2).error, ErrorClass::kCrashed);
  EXPECT_EQ(End(3).error, ErrorClass::kPreempted);
  EXPECT_TRUE(NothingHeld());
}

TEST_F(AgentTest, ALostOrDoubledGrantStartsOneRunner) {
  coordinator_.LoseReplies(2);
  coordinator_.twice = true;
  Offer(1, 0,
        {Job(1, std::string(kStarted) + R"(, ["append", {"path": ")" + Path("ran") +
                    R"(", "text": "x"}], )" + kDone)});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_TRUE(NothingHeld());
  EXPECT_EQ(ReadFile(Path("ran")).value(), "x");
}

TEST_F(AgentTest, AGrantOfALeaseThatIsHeldChangesNothing) {
  const std::string append = R"(["append", {"path": ")" + Path("ran") + R"(", "text": "x"}], )";
  Offer(1, 0, {Job(1, append + kStarted + ", " + Until("go") + ", " + append + kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.regrants = 3;
  for (int i = 0; i < 6000 && coordinator_.regrants > 0; ++i) usleep(5000);
  ASSERT_EQ(coordinator_.regrants, 0);
  Touch("go");
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_EQ(ReadFile(Path("ran")).value(), "xx");
}

TEST_F(AgentTest, TwoLeasesOfOneSlotRunOneAfterTheOther) {
  Offer(1, 0, {Job(1, std::string(kStarted) + ", " + Until("go") + ", " + kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  Offer(2, 0, {Job(2)});
  ASSERT_TRUE(coordinator_.WaitFor([&] { return coordinator_.last.held.size() == 2; }));
  EXPECT_FALSE(coordinator_.WaitForItem<Started>(2, 1, 150));
  Touch("go");
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
}

TEST_F(AgentTest, WorkGoesOnWhileTheCoordinatorIsAwayAndIsReportedLater) {
  Offer(
      1, 0,
      {Job(
          1,
          std::string(kStarted) + ", " + Until("go") +
              R"(, ["emit", {"event": "metric", "series": "a", "step": 1, "value": 1}], ["checkpoint", 5],
                             ["artifact", {"name": "weights", "kind": "adapter"}], )" +
              kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.SetError(Unavailable("connection refused"));
  artifacts_.SetError(Unavailable("connection refused"));
  Touch("go");
  usleep(800'000);  // longer than the lease's time to live
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
  artifacts_.SetError(OkStatus());
  coordinator_.SetError(OkStatus());
  const Finished end = End(1);
  EXPECT_EQ(end.error, ErrorClass::kNone) << end.message;
  EXPECT_EQ(coordinator_.Items<Metrics>(1).size(), 1u);
  EXPECT_EQ(coordinator_.Items<CheckpointMade>(1).at(0).step, 5);
}

TEST_F(AgentTest, ALostAcknowledgementMeansAResendAndNothingElse) {
  coordinator_.LoseAcknowledgements(3);
  Offer(1, 0,
        {Job(1, std::string(kStarted) +
                    R"(, ["emit", {"event": "metric", "series": "a", "step": 4, "value": 1}], )" +
                    Until("go") + ", " + kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitFor(
      [&] { return coordinator_.lose_acknowledgements == 0 && coordinator_.report_calls >= 4; }));
  Touch("go");
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_GE(coordinator_.Items<Started>(1).size(), 4u);  // sent again and again
  for (const auto& metrics : coordinator_.Items<Metrics>(1))
    EXPECT_EQ(metrics.points.at(0).step, 4);
}

TEST_F(AgentTest, AnEndWhoseAcknowledgementIsLostIsOver) {
  Offer(1, 0, {Job(1, std::string(kStarted) + ", " + Until("go") + ", " + kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.LoseAcknowledgements(1);
  Touch("go");
  ASSERT_TRUE(coordinator_.WaitForItem<Finished>(1));
  EXPECT_TRUE(
      NothingHeld());  // the coordinator has closed the lease: it says so, or takes the resend
  Offer(2, 0, {Job(2)});
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
}

TEST_F(AgentTest, AGrantThatCannotBeServedIsAnsweredNotIgnored) {
  Offer(1, 9, {Job(1)});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kInternal);
  EXPECT_THAT(End(1).message, HasSubstr("slot 9"));
}

TEST_F(AgentTest, AGrantOfSeveralSlotsRunsARankOnEach) {
  coordinator_.Offer(
      {LeaseId(1), {0, 1}, {Job(1, std::string(kStarted) + ", " + Until("go") + ", " + kDone)}});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  for (const char* file : {"job.json", "rank1-job.json"}) {
    const Json job = ReadJsonFile(Path("work/l1/" + std::string(file))).value();
    EXPECT_EQ(job.at("gang").at("ranks"), 2) << file;
    EXPECT_EQ(job.at("tokens"), (Json{{"dir", Path("tokens")}, {"limit", 9}})) << file;
    EXPECT_EQ(job.at("gang").at("rank"), file == std::string("job.json") ? 0 : 1);
  }
  Offer(2, 1, {Job(2)});  // its slot is taken by the second rank
  usleep(100'000);
  EXPECT_TRUE(coordinator_.Items<Started>(2).empty());
  Touch("go");
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_EQ(coordinator_.Items<Started>(1).size(), 1u);
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
}

TEST_F(AgentTest, SlotsThatCannotBeAreAnsweredNotIgnored) {
  coordinator_.Offer({LeaseId(1), {}, {Job(1)}});
  coordinator_.Offer({LeaseId(2), {0, 0}, {Job(2)}});
  coordinator_.Offer({LeaseId(3), {0, 1}, {Job(3), Job(4)}});
  Start();
  EXPECT_THAT(End(1).message, HasSubstr("no slot"));
  EXPECT_THAT(End(2).message, HasSubstr("slot 0 twice"));
  EXPECT_THAT(End(4).message, HasSubstr("several slots for several jobs"));
}

TEST_F(AgentTest, AMissingRunnerIsSaid) {
  options_.lease.runner = Path("eida-runner");
  Offer(1, 0, {Job(1), Job(2)});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kCrashed);
  EXPECT_THAT(End(1).message, HasSubstr(Path("eida-runner")));
  EXPECT_EQ(End(2).error, ErrorClass::kPreempted);
}

}  // namespace
}  // namespace eida::agent
