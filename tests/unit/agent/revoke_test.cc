// Leases that are no longer ours.
#include "tests/unit/agent/fixture.h"

namespace eida::agent {
namespace {

TEST_F(AgentTest, ARevokedLeaseIsStoppedAndReportsNothing) {
  Offer(1, 0,
        {Job(1, R"(["ignore_term"], )" + std::string(kStarted) +
                    R"(, ["grandchild", {"pid_file": ")" + Path("pid") +
                    R"("}], ["sleep", 60000])")});
  Start();
  const pid_t pid = ReadPid("pid");
  ASSERT_GT(pid, 0);
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.Revoke(LeaseId(1));
  EXPECT_TRUE(GoneWithin(pid, 3000));
  Offer(2, 0, {Job(2)});
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
}

TEST_F(AgentTest, ARevokedGangLeavesNoRankBehind) {
  coordinator_.Offer(
      {LeaseId(1),
       {0, 1},
       {Job(1, R"(["ignore_term"], )" + std::string(kStarted) + R"(, ["append", {"path": ")" +
                   Path("ranks") + R"(", "text": "x"}], ["sleep", 60000])")}});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  for (int i = 0; i < 6000 && ReadFile(Path("ranks")).value_or("").size() < 2; ++i) usleep(5000);
  coordinator_.Revoke(LeaseId(1));
  Offer(2, 0, {Job(2)});  // both slots are free when both ranks are gone
  Offer(3, 1, {Job(3)});
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
  EXPECT_EQ(End(3).error, ErrorClass::kNone);
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
}

TEST_F(AgentTest, WhatARunnerSaysAfterItsLeaseWasRevokedIsNotReported) {
  options_.lease.revoke_grace = Millis(5000);
  Offer(
      1, 0,
      {Job(
          1,
          R"(["ignore_term"], )" + std::string(kStarted) + ", " + Until("go") +
              R"(, ["emit", {"event": "metric", "series": "a", "step": 1, "value": 1}], ["sleep", 200],
                        ["artifact", {"name": "w", "kind": "adapter"}], )" +
              kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.Revoke(LeaseId(1));
  ASSERT_TRUE(NothingHeld());
  Touch("go");
  Offer(2, 0, {Job(2)});  // the slot is free when the runner of the first is gone
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
  EXPECT_TRUE(coordinator_.Items<Metrics>(1).empty());
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
}

TEST_F(AgentTest, RevokedWhileUploadingEndsTheUpload) {
  std::atomic<bool> uploading = false, cancelled = false;
  artifacts_.on_put = [&](const Digest&, std::stop_token stop) -> Status {
    uploading = true;
    cancelled = !SleepFor(Millis(20'000), stop);
    return Unavailable("cancelled");
  };
  Offer(1, 0, {Job(1)});
  Start();
  for (int i = 0; i < 6000 && !uploading; ++i) usleep(5000);
  ASSERT_TRUE(uploading);
  coordinator_.Revoke(LeaseId(1));
  for (int i = 0; i < 600 && !cancelled; ++i) usleep(5000);
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(NothingHeld());
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
}

TEST_F(AgentTest, AStaleVerdictStopsTheJob) {
  Offer(1, 0,
        {Job(1, R"(["grandchild", {"pid_file": ")" + Path("pid") + R"("}], )" + kStarted +
                    R"(, ["sleep", 60000])"),
         Job(2)});
  coordinator_.MakeStale({JobId(1), 1});
  Start();
  const pid_t pid = ReadPid("pid");
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(GoneWithin(pid, 3000));
  EXPECT_EQ(End(2).error, ErrorClass::kPreempted);
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
  EXPECT_TRUE(NothingHeld());
}

TEST_F(AgentTest, AStaleVerdictInAPackStopsTheRunnerOnceNoneOfItsJobsIsWanted) {
  Offer(1, 0,
        {Job(1, R"(["grandchild", {"pid_file": ")" + Path("pid") + R"("}], )" + kStarted +
                    R"(, ["emit", {"event": "started", "job": 2}], )" + Until("go") +
                    R"(, ["emit", {"event": "done", "summary": {}, "job": 2}], ["sleep", 60000])"),
         Job(2)});
  coordinator_.MakeStale({JobId(1), 1});
  Start();
  const pid_t pid = ReadPid("pid");
  ASSERT_GT(pid, 0);
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(2));
  for (int i = 0; i < 6000 && coordinator_.refused == 0; ++i) usleep(5000);
  ASSERT_GT(coordinator_.refused, 0);
  EXPECT_FALSE(GoneWithin(pid, 700)) << "the other job of the pack goes on";
  Touch("go");
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
  EXPECT_TRUE(GoneWithin(pid, 3000));
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
  EXPECT_TRUE(NothingHeld());
}

}  // namespace
}  // namespace eida::agent
