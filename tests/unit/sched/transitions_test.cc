#include "server/sched/transitions.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "server/sched/index.h"
#include "server/sched/step.h"
#include "tests/unit/sched/fixture.h"

namespace eida::sched {
namespace {

int Ways(JobState from) {
  int n = 0;
  for (size_t event = 0; event < kJobEvents; ++event)
    n += NextState(from, static_cast<JobEvent>(event)) != JobState{};
  return n;
}

TEST(TransitionsTest, SucceededIsForEverUnlessTheResultLackedSomething) {
  EXPECT_EQ(Ways(JobState::kSucceeded), 1);
  EXPECT_EQ(NextState(JobState::kSucceeded, JobEvent::kRecalled), JobState::kBlocked);
}

TEST(TransitionsTest, OnlyAPersonBringsATerminalJobBack) {
  for (const JobState from : {JobState::kFailed, JobState::kCancelled, JobState::kSkipped}) {
    for (size_t i = 0; i < kJobEvents; ++i) {
      const JobEvent event = static_cast<JobEvent>(i);
      const JobState to = NextState(from, event);
      if (to == JobState{} || event == JobEvent::kRevivedReady ||
          event == JobEvent::kRevivedBlocked)
        continue;
      EXPECT_EQ(to, from) << ToString(event);
    }
  }
}

TEST(TransitionsTest, EveryStateCanBeLeftAndEveryEventHappensSomewhere) {
  for (const JobState state : AllValues<JobState>())
    EXPECT_GT(Ways(state), 0) << eida::ToString(state);
  for (size_t event = 0; event < kJobEvents; ++event) {
    const auto& states = AllValues<JobState>();
    EXPECT_TRUE(std::any_of(states.begin(), states.end(), [event](JobState from) {
      return NextState(from, static_cast<JobEvent>(event)) != JobState{};
    })) << ToString(static_cast<JobEvent>(event));
  }
}

TEST(TransitionsTest, OnlyAReadyJobCanBeLeased) {
  for (const JobState state : AllValues<JobState>()) {
    EXPECT_EQ(NextState(state, JobEvent::kLeased) != JobState{}, state == JobState::kReady);
  }
}

using TransitionsDeathTest = testing::SchedTest;

TEST_F(TransitionsDeathTest, AnIllegalMoveEndsTheProcessNamingJobStateAndEvent) {
  Submit(testing::APlan({testing::AJob("a")}));
  Step step(core(), world.out, world.now());
  Job& job = step.GetJob(JobId(1));
  EXPECT_DEATH(step.Change(job, JobEvent::kStarted, job.record.status),
               "j1 \\(a\\) is ready and cannot be started");
}

TEST_F(TransitionsDeathTest, AWholeResultCannotBeRecalled) {
  Submit(testing::APlan({testing::AJob("a")}));
  Step step(core(), world.out, world.now());
  Job& job = step.GetJob(JobId(1));
  JobStatus& status = job.record.status;
  status.state = JobState::kSucceeded;
  EXPECT_DEATH(step.Recall(job), "j1 \\(a\\) lacks nothing");
  status.state = JobState::kReady;
}

TEST_F(TransitionsDeathTest, TheInvariantsNoticeAStatusWrittenPastTheGate) {
  Submit(testing::APlan({testing::AJob("a")}));
  JobStatus& status = core().jobs.at(JobId(1)).record.status;
  status.state = JobState::kRunning;
  EXPECT_FALSE(core().CheckInvariants().ok());
  status.state = JobState::kReady;
  core().jobs.at(JobId(1)).unfinished_parents = 1;
  EXPECT_FALSE(core().CheckInvariants().ok());
  core().jobs.at(JobId(1)).unfinished_parents = 0;
  core().jobs.at(JobId(1)).open_shortcuts = 1;
  EXPECT_FALSE(core().CheckInvariants().ok());
  core().jobs.at(JobId(1)).open_shortcuts = 0;
  EXPECT_TRUE(core().CheckInvariants().ok());
}

}  // namespace
}  // namespace eida::sched
