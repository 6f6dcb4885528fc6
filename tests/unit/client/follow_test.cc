// watch, run and submit --wait: what they show while a sweep goes on.
#include <algorithm>

#include "common/base/text.h"
#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::HasSubstr;
using testing::Not;

class FollowTest : public testing::Test {
 protected:
  // Each state is seen `step` after the one before.
  Outcome Watch(Millis step, const std::vector<std::string>& more = {},
                const Surroundings& around = {}) {
    api_.between = [this, step] { program_.clock.Advance(step); };
    std::vector<std::string> arguments = {"watch", "s2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program_.Run(arguments, around);
  }
  // `n` equal states of a sweep that runs, then its end.
  void Stay(int n, v1::SweepState end = v1::SWEEP_STATE_SUCCEEDED) {
    api_.progress[2].assign(static_cast<size_t>(n), TrainProgress(2, 4, 2, 2));
    api_.progress[2].push_back(Ended(TrainProgress(2, 4, 4), end));
  }
  static int64_t Lines(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  }
  FakeApi api_ = DemoApi();
  Program program_{api_};
};

TEST_F(FollowTest, WithoutATerminalOneLineEvery30SecondsAndAtTheEnd) {
  Stay(80);
  const Outcome outcome = Watch(Millis(1'000), {"-q"});
  EXPECT_EQ(outcome.err, "");
  const Outcome loud = Watch(Millis(1'000));
  EXPECT_EQ(Lines(loud.err), 4) << "two by the clock, the end, and next:\n" << loud.err;
  EXPECT_THAT(loud.err, HasSubstr("train 2/4"));
  EXPECT_THAT(loud.err, HasSubstr("train 4/4"));
  EXPECT_THAT(loud.err, Not(HasSubstr("\033")));
}

TEST_F(FollowTest, OnATerminalTheBlockIsDrawnOverAtMostTenTimesASecond) {
  Stay(100);
  const Surroundings terminal{.err_tty = true};
  const Outcome slow = Watch(Millis(100), {}, terminal);
  const Outcome fast = Watch(Millis(10), {}, terminal);
  const auto draws = [](const std::string& err) { return Split(err, 'J').size(); };
  EXPECT_GT(draws(slow.err), 90u);
  EXPECT_LT(draws(fast.err), 15u);
  EXPECT_THAT(slow.err, HasSubstr("\033["));
}

TEST_F(FollowTest, ADumbTerminalGetsPlainLines) {
  Stay(80);
  const Outcome outcome = Watch(Millis(1'000), {}, {.env = {{"TERM", "dumb"}}, .err_tty = true});
  EXPECT_THAT(outcome.err, Not(HasSubstr("\033")));
  EXPECT_EQ(Lines(outcome.err), 4);
}

TEST_F(FollowTest, NoColorLeavesTheBarsUncoloured) {
  Stay(2);
  EXPECT_THAT(Watch(Millis(200), {}, {.err_tty = true}).err, HasSubstr("\033[36m"));
  EXPECT_THAT(Watch(Millis(200), {}, {.env = {{"NO_COLOR", "1"}}, .err_tty = true}).err,
              Not(HasSubstr("\033[36m")));
}

TEST_F(FollowTest, TheEndDecidesTheExitCode) {
  Stay(1);
  EXPECT_EQ(Watch(Millis(1)).code, kOk);
  Stay(1, v1::SWEEP_STATE_FAILED);
  const Outcome failed = Watch(Millis(1));
  EXPECT_EQ(failed.code, kEndedBadly);
  EXPECT_THAT(failed.err, HasSubstr("error: sweep s2 failed"));
  EXPECT_THAT(failed.err, HasSubstr("next: eidactl get jobs s2"));
  Stay(1, v1::SWEEP_STATE_CANCELLED);
  EXPECT_EQ(Watch(Millis(1)).code, kEndedBadly);
}

TEST_F(FollowTest, FailuresOnTheWayAreToldAtTheEnd) {
  v1::SweepProgress with = TrainProgress(2, 4, 2, 1);
  *with.add_failures() = api_.events[0];
  api_.progress[2] = {with, TrainProgress(2, 4, 3),
                      Ended(TrainProgress(2, 4, 3), v1::SWEEP_STATE_FAILED)};
  EXPECT_THAT(Watch(Millis(1)).err, HasSubstr("j14: loss is not finite"));
}

TEST_F(FollowTest, CtrlCIsExitCode130) {
  Stay(50);
  EXPECT_EQ(Watch(Millis(1), {}, {.interrupts_after = 5}).code, kInterrupted);
}

TEST_F(FollowTest, ATimeoutIsExitCode124) {
  Stay(50);
  const Outcome outcome = Watch(Millis(1'000), {"--timeout", "10s"});
  EXPECT_EQ(outcome.code, kTimeout);
  EXPECT_THAT(outcome.err, HasSubstr("--timeout 10s passed"));
  EXPECT_EQ(Watch(Millis(1'000), {}, {.env = {{"EIDA_TIMEOUT", "10s"}}}).code, kTimeout);
}

TEST_F(FollowTest, JsonlIsALineForEachChangeAndNoneForTheSameAgain) {
  Stay(20);
  const std::vector<Json> lines = Watch(Millis(100), {"-o", "jsonl"}).lines();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].at("sweep").at("state"), "running");
  EXPECT_EQ(lines[1].at("sweep").at("state"), "succeeded");
  EXPECT_EQ(Watch(Millis(100), {"-o", "json"}).json().at("sweep").at("state"), "succeeded");
}

TEST_F(FollowTest, SubmitWithWaitPrintsTheIdAndFollows) {
  const StudyFiles files;
  Stay(3, v1::SWEEP_STATE_FAILED);
  const Outcome outcome = program_.Run({"submit", files.sweep(), "--wait"});
  EXPECT_EQ(outcome.code, kEndedBadly);
  EXPECT_EQ(outcome.out, "s2\n");
  EXPECT_EQ(program_.needed, Need::kWorkers);
}

TEST_F(FollowTest, AnExportWaitsForItsOwnJobOnly) {
  const StudyFiles files;
  api_.progress[2] = {TrainProgress(2, 4, 2, 2)};  // never ends
  const Outcome outcome = program_.Run({"export", "run", "s2/full/seed0", "-O", files.Path("out")});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_TRUE(FileExists(files.Path("out/config.json")));
}

}  // namespace
}  // namespace eida::client
