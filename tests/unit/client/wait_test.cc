#include "client/wait.h"

#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::HasSubstr;

class WaitTest : public testing::Test {
 protected:
  WaitTest() {
    api_.between = [this] { program_.clock.Advance(Millis(1'000)); };
  }
  Outcome Wait(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"wait"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program_.Run(arguments);
  }
  v1::Job& JobOf(int64_t id) { return *std::ranges::find(api_.jobs, id, &v1::Job::id); }
  void NeverEnds() { api_.progress[2] = {TrainProgress(2, 4, 2, 2)}; }
  FakeApi api_ = DemoApi();
  Program program_{api_};
};

TEST_F(WaitTest, DoneIsTheEndInWhateverWayAndTheCodeSaysWhich) {
  EXPECT_EQ(Wait({"s2"}).code, kOk);
  EXPECT_EQ(Wait({"s1"}).code, kEndedBadly);
  const Json items = Wait({"s1-s2", "-o", "json"}).json().at("items");
  EXPECT_EQ(items[0].at("state"), "cancelled");
  EXPECT_EQ(items[0].at("met"), true);
  EXPECT_EQ(items[1].at("state"), "succeeded");
}

TEST_F(WaitTest, SucceededGivesUpAtTheFirstFailure) {
  v1::SweepProgress bad = TrainProgress(2, 4, 2, 1);
  (*bad.mutable_kinds(0)->mutable_by_state())["failed"] = 1;
  api_.progress[2] = {bad};  // and it never ends
  const Outcome outcome = Wait({"s2", "--for=succeeded"});
  EXPECT_EQ(outcome.code, kEndedBadly);
  EXPECT_THAT(outcome.err, HasSubstr("will not be succeeded"));
}

TEST_F(WaitTest, RunningReturnsWhileTheSweepGoesOn) {
  NeverEnds();
  EXPECT_EQ(Wait({"s2", "--for=running"}).code, kOk);
}

TEST_F(WaitTest, ATimeoutIsExitCode124AndNamesWhatWasMissing) {
  NeverEnds();
  const Outcome outcome = Wait({"s2", "--timeout", "20s"});
  EXPECT_EQ(outcome.code, kTimeout);
  EXPECT_THAT(outcome.err, HasSubstr("--timeout 20s passed before s2 was done"));
}

TEST_F(WaitTest, ARunIsWaitedForByItsTraining) {
  NeverEnds();
  EXPECT_EQ(Wait({"full/seed0"}).code, kOk);
  EXPECT_EQ(Wait({"lora-r8/seed1", "--for=succeeded"}).code, kEndedBadly) << "it failed";
  JobOf(12).set_state(v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Wait({"full/seed1", "--for=running"}).code, kOk);
  EXPECT_EQ(Wait({"full/seed1", "--timeout", "5s"}).code, kTimeout);
}

TEST_F(WaitTest, ASelectionOfRunsIsWaitedForTogether) {
  NeverEnds();
  EXPECT_EQ(Wait({"variant=full", "--for=succeeded"}).code, kOk);
  EXPECT_EQ(Wait({"seed=1", "--for=succeeded"}).code, kEndedBadly);
}

TEST_F(WaitTest, AMetricIsSeenInCurvesAndInEvaluations) {
  NeverEnds();
  EXPECT_EQ(Wait({"s2", "--for=metric:accuracy>0.75"}).code, kOk) << "an evaluation";
  EXPECT_EQ(Wait({"s2", "--for=metric:train/loss<0.55"}).code, kOk) << "a curve";
  EXPECT_EQ(Wait({"lora-r8/seed0", "--for=metric:train/loss<=0.7"}).code, kOk);
  EXPECT_EQ(Wait({"lora-r8/seed0", "--for=metric:train/loss<0.55"}).code, kEndedBadly)
      << "only another run measured that";
}

TEST_F(WaitTest, AnEvaluationThatIsToComeIsWaitedForAfterTheTraining) {
  NeverEnds();
  JobOf(26).set_state(v1::JOB_STATE_READY);
  EXPECT_EQ(Wait({"lora-r8/seed0", "--for=metric:accuracy>0.99", "--timeout", "5s"}).code,
            kTimeout);
}

TEST_F(WaitTest, AMetricThatWillNotComeIsExitCode7) {
  EXPECT_EQ(Wait({"s2", "--for=metric:accuracy>0.99"}).code, kEndedBadly);
}

TEST_F(WaitTest, NonsenseIsExitCode2WithASuggestion) {
  EXPECT_THAT(Wait({"s2", "--for=suceeded"}).err, HasSubstr("did you mean \"succeeded\"?"));
  for (const char* bad : {"nothing", "metric:accuracy", "metric:>3", "metric:a>b", "metric:a="})
    EXPECT_EQ(Wait({"s2", std::string("--for=") + bad}).code, kUsage) << bad;
}

TEST(ConditionTest, TheOperatorsAreTakenApart) {
  const Result<Condition> c = ParseCondition("metric:select/accuracy>=0.5");
  ASSERT_TRUE(c.ok());
  EXPECT_EQ(c->metric, "select/accuracy");
  EXPECT_EQ(c->op, ">=");
  EXPECT_EQ(c->bound, 0.5);
}

}  // namespace
}  // namespace eida::client
