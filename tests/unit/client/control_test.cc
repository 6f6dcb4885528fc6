// cancel, retry, worker drain, submit: what the coordinator is told.
#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ControlTest : public testing::Test {
 protected:
  Outcome Run(const std::vector<std::string>& arguments) { return Program(api_).Run(arguments); }
  FakeApi api_ = DemoApi();
};

TEST_F(ControlTest, ASweepIsCancelledAsAWhole) {
  EXPECT_EQ(Run({"cancel", "s2"}).code, kOk);
  ASSERT_EQ(api_.cancelled.size(), 1u);
  EXPECT_EQ(api_.cancelled[0].sweep(), 2);
  EXPECT_THAT(api_.cancelled[0].jobs(), IsEmpty());
}

TEST_F(ControlTest, RangesAndAllNameSeveralSweeps) {
  EXPECT_EQ(Run({"cancel", "s1-s4"}).code, kOk);
  EXPECT_EQ(api_.cancelled.size(), 2u);
  EXPECT_EQ(Run({"cancel", "all", "-o", "json"}).json().at("cancelled"), 20);
}

TEST_F(ControlTest, ASelectionCancelsTheTrainingsOfItsRunsAndNothingElse) {
  EXPECT_EQ(Run({"cancel", "s2/variant=full,seed<1"}).code, kOk);
  ASSERT_EQ(api_.cancelled.size(), 1u);
  EXPECT_THAT(api_.cancelled[0].jobs(), ElementsAre(11));
}

TEST_F(ControlTest, ASelectionThatMatchesNothingCancelsNothing) {
  const Outcome outcome = Run({"cancel", "variant=none"});
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(api_.cancelled, IsEmpty());
  EXPECT_THAT(outcome.err, HasSubstr("no run of s2 (demo) matches"));
}

TEST_F(ControlTest, ANameThatIsNothingCancelsNothing) {
  EXPECT_EQ(Run({"cancel", "lora-r8/seed9"}).code, kNotFound);
  EXPECT_EQ(Run({"cancel", "dem"}).code, kNotFound);
  EXPECT_EQ(Run({"cancel", "j999"}).code, kNotFound);
  EXPECT_THAT(api_.cancelled, IsEmpty());
}

TEST_F(ControlTest, APartThatFailsIsExitCode8AndTheRestIsDone) {
  api_.refused[1] = FailedPrecondition("s1 has ended");
  const Outcome outcome = Run({"cancel", "s1", "s2"});
  EXPECT_EQ(outcome.code, kPartial);
  EXPECT_EQ(api_.cancelled.size(), 1u);
  EXPECT_THAT(outcome.err, HasSubstr("error: s1 has ended"));
  EXPECT_EQ(Run({"cancel", "s1"}).code, kConflict) << "nothing worked: the error's own code";
}

TEST_F(ControlTest, RetryTakesTheNewestSweepAndSaysWhatComesNext) {
  const Outcome outcome = Run({"retry"});
  EXPECT_EQ(outcome.code, kOk);
  ASSERT_EQ(api_.retried.size(), 1u);
  EXPECT_EQ(api_.retried[0].sweep(), 2);
  EXPECT_THAT(outcome.err, HasSubstr("next: eidactl watch s2"));
}

TEST_F(ControlTest, RetryFailedNamesTheFailedJobsAndNotTheCancelledOnes) {
  EXPECT_EQ(Run({"retry", "--failed"}).code, kOk);
  ASSERT_EQ(api_.retried.size(), 1u);
  EXPECT_THAT(api_.retried[0].jobs(), ElementsAre(14));
  const Outcome none = Run({"retry", "s1", "--failed", "-o", "json"});
  EXPECT_EQ(none.code, kOk);
  EXPECT_EQ(none.json().at("retried"), 0);
  EXPECT_EQ(api_.retried.size(), 1u) << "a request without jobs would retry the cancelled ones";
}

TEST_F(ControlTest, RetryFailedBeforeTheSweepDoesNotTakeItsName) {
  EXPECT_EQ(Run({"retry", "--failed", "s2"}).code, kOk);
  ASSERT_EQ(api_.retried.size(), 1u);
  EXPECT_EQ(api_.retried[0].sweep(), 2);
}

TEST_F(ControlTest, RetryOfAnErrorClassPassesItOnAndKnowsTheClasses) {
  EXPECT_EQ(Run({"retry", "--failed=oom"}).code, kOk);
  ASSERT_EQ(api_.retried.size(), 1u);
  EXPECT_EQ(api_.retried[0].error_class(), "oom");
  const Outcome outcome = Run({"retry", "--failed=nonfinit"});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean \"nonfinite\"?"));
}

TEST_F(ControlTest, WorkersAreDrainedAndUndrained) {
  EXPECT_EQ(Run({"worker", "drain", "w1"}).code, kOk);
  EXPECT_EQ(Run({"worker", "undrain", "w1", "-o", "json"}).json().at("draining"), false);
  ASSERT_EQ(api_.drained.size(), 2u);
  EXPECT_FALSE(api_.drained[0].undrain());
  EXPECT_EQ(Run({"worker", "drain"}).code, kUsage);
}

TEST_F(ControlTest, SubmitSendsTheFilesAndTheSweepAndPrintsItsId) {
  const StudyFiles files;
  const Outcome outcome =
      Run({"submit", files.sweep(), "--set", "seeds=0..3", "--idempotency-key", "k1"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(outcome.out, "s2\n");
  EXPECT_THAT(outcome.err, HasSubstr("next: eidactl watch s2"));
  ASSERT_EQ(api_.submitted.size(), 1u);
  EXPECT_EQ(api_.submitted[0].idempotency_key(), "k1");
  EXPECT_THAT(api_.submitted[0].overrides(), ElementsAre("seeds=0..3"));
  EXPECT_EQ(api_.submitted[0].inputs().count("model"), 1u);
  EXPECT_EQ(api_.uploads.size(), 4u);
}

TEST_F(ControlTest, ADryRunSendsNothing) {
  const StudyFiles files;
  const Outcome outcome = Run({"submit", files.sweep(), "--dry-run", "-o", "json"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(outcome.json().at("valid"), true);
  EXPECT_THAT(api_.submitted, IsEmpty());
}

}  // namespace
}  // namespace eida::client
