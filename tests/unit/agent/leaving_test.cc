// How a worker starts and leaves.
#include "tests/unit/agent/fixture.h"

namespace eida::agent {
namespace {

TEST_F(AgentTest, DrainLetsTheRunnerCheckpointAndLeaves) {
  Offer(1, 0, {Job(1, std::string(kStarted) + R"(, ["sleep", 60000])"), Job(2)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  agent_->Drain();
  EXPECT_TRUE(Join().ok());
  EXPECT_EQ(coordinator_.Items<CheckpointMade>(1).at(0).step, 99);
  EXPECT_EQ(End(1).error, ErrorClass::kPreempted);
  EXPECT_EQ(End(2).error, ErrorClass::kPreempted);
  EXPECT_EQ(coordinator_.leaves, 1);
}

TEST_F(AgentTest, DrainEndsEvenWhenTheCoordinatorIsAway) {
  options_.lease.stop_grace = Millis(500);
  options_.leave_timeout = Millis(300);
  Offer(1, 0, {Job(1, std::string(kStarted) + R"(, ["sleep", 60000])")});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.SetError(Unavailable("gone"));
  agent_->Drain();
  EXPECT_TRUE(Join().ok());
}

TEST_F(AgentTest, KillNowLeavesAtOnce) {
  Offer(1, 0,
        {Job(1, R"(["ignore_term"], ["grandchild", {"session": true, "pid_file": ")" + Path("pid") +
                    R"("}], )" + kStarted + R"(, ["sleep", 60000])")});
  Start();
  const pid_t pid = ReadPid("pid");
  agent_->Drain();
  agent_->KillNow();
  EXPECT_EQ(Join().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(GoneWithin(pid, 1000));
}

TEST_F(AgentTest, AWrongTokenEndsTheWorkerAtOnce) {
  coordinator_.SetError(Unauthenticated("the token is not known"));
  Start();
  const Status status = Join();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(coordinator_.syncs, 1);
}

TEST_F(AgentTest, WithoutWaitingAMissingCoordinatorIsAnError) {
  options_.wait_for_coordinator = false;
  coordinator_.SetError(Unavailable("connection refused"));
  Start();
  EXPECT_EQ(Join().code(), absl::StatusCode::kUnavailable);
}

TEST_F(AgentTest, AMissingCoordinatorIsWaitedFor) {
  coordinator_.SetError(Unavailable("connection refused"));
  Offer(1, 0, {Job(1)});
  Start();
  ASSERT_TRUE(coordinator_.WaitFor([&] { return coordinator_.syncs >= 3; }));
  coordinator_.SetError(OkStatus());
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
}

TEST_F(AgentTest, AnIdleWorkerLeaves) {
  options_.idle_timeout = Millis(150);
  Start();
  EXPECT_TRUE(Join().ok());
  EXPECT_EQ(coordinator_.leaves, 1);
}

}  // namespace
}  // namespace eida::agent
