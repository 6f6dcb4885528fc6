#include "client/output/progress.h"

#include <algorithm>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::HasSubstr;
using testing::Not;

const ProgressStyle kAscii{80, false, false};

TimeLeft After(const std::vector<v1::SweepProgress>& states) {
  Durations durations;
  for (const v1::SweepProgress& state : states) durations.See(state);
  return durations.Left(states.back());
}

TEST(BarTest, FillsFromTheLeftByEighths) {
  EXPECT_EQ(Bar(0, 4, true), "    ");
  EXPECT_EQ(Bar(0.5, 4, true), "██  ");
  EXPECT_EQ(Bar(1.0 / 32, 4, true), "▏   ");
  EXPECT_EQ(Bar(1, 4, true), "████");
  EXPECT_EQ(Bar(0.5, 4, false), "##..");
  EXPECT_EQ(Bar(7, 4, false), "####") << "more than all is all";
}

TEST(EtaTest, NothingIsSaidBeforeAJobHasFinished) {
  EXPECT_FALSE(After({TrainProgress(2, 8, 0, 2)}).known());
  EXPECT_EQ(LeftText(TimeLeft()), "");
}

TEST(EtaTest, OneNumberUntilThreeHaveFinishedThenARange) {
  const TimeLeft two = After({TrainProgress(2, 8, 2, 2)});
  EXPECT_EQ(two.low, two.high);
  EXPECT_EQ(two.low, Millis(30'000)) << "6 jobs of 10 s on 2 slots";
  EXPECT_EQ(LeftText(two), "about 30.0s left");
  const TimeLeft three = After({TrainProgress(2, 8, 3, 2)});
  EXPECT_EQ(three.low, Millis(22'500));
  EXPECT_EQ(three.high, Millis(27'500)) << "5 jobs of 10 s on 2 slots, 10 % up and down";
  EXPECT_EQ(LeftText(three), "23.0s to 28.0s left");
}

TEST(EtaTest, NewerDurationsWeighMore) {
  v1::SweepProgress slow = TrainProgress(2, 8, 4, 2);
  slow.mutable_kinds(0)->set_finished_seconds(30 + 50);  // three of 10 s, then one of 50 s
  const TimeLeft left = After({TrainProgress(2, 8, 3, 2), slow});
  const double middle = static_cast<double>((left.low + left.high).count()) / 2;
  EXPECT_NEAR(middle, 2 * 1000 * (10 + 0.3 * 40), 1) << "4 jobs of 22 s on 2 slots";
  EXPECT_GT((left.high - left.low).count(), 2 * 2 * 2'200) << "what scatters is less certain";
}

TEST(EtaTest, MoreSlotsThanJobsDoNotHelp) {
  v1::SweepProgress last = TrainProgress(2, 4, 3, 1);
  last.set_slots_total(64);
  EXPECT_EQ(After({last}).low, Millis(9'000)) << "one job of 10 s less 10 %";
}

TEST(EtaTest, AKindOfWhichNothingHasFinishedIsUnknownOnceItRuns) {
  v1::SweepProgress both = TrainProgress(2, 4, 4);
  v1::KindProgress* path = both.add_kinds();
  path->set_kind(v1::JOB_KIND_PATH);
  (*path->mutable_by_state())["blocked"] = 6;
  EXPECT_TRUE(After({both}).known());
  (*path->mutable_by_state())["running"] = 1;
  EXPECT_FALSE(After({both}).known());
}

TEST(ProgressTest, ABarAKindWithCountsWhatRunsAndTheTime) {
  v1::SweepProgress progress = TrainProgress(2, 8, 4, 1);
  progress.mutable_kinds(0)->set_active_fraction(0.75);
  v1::KindProgress* soup = progress.add_kinds();
  soup->set_kind(v1::JOB_KIND_SOUP);
  (*soup->mutable_by_state())["skipped"] = 1;
  (*soup->mutable_by_state())["blocked"] = 1;
  const std::string block =
      ProgressBlock(progress, {Millis(60'000), Millis(90'000)}, Millis(65'000), kAscii);
  EXPECT_THAT(block, HasSubstr("train     #######################................. 4/8"));
  EXPECT_THAT(block, HasSubstr("soup      ####################.................... 1/2, 1 failed"));
  EXPECT_THAT(block, HasSubstr("now: train/full/seed4 75%"));
  EXPECT_THAT(block, HasSubstr("5/10 jobs, 1 running, 1 failed, 1m05s, 1m00s to 1m30s left"));
}

TEST(ProgressTest, NoLineIsWiderThanTheTerminal) {
  v1::SweepProgress progress = TrainProgress(2, 8, 1, 6);
  v1::Event* event = progress.add_failures();
  event->set_message(std::string(300, 'x') + "\nsecond line");
  for (const int width : {40, 60, 80, 132}) {
    const ProgressStyle style{width, false, true};
    for (const std::string& block : {ProgressBlock(progress, {}, Millis(1), style),
                                     LiveBlock(progress, {}, Millis(1), WallTime{1}, style)}) {
      std::istringstream lines(block);
      for (std::string line; std::getline(lines, line);)
        EXPECT_LE(render::DisplayWidth(line), width) << line;
    }
  }
}

TEST(ProgressTest, ColourShowsFailureAndCompletion) {
  const ProgressStyle color{80, true, false};
  EXPECT_THAT(ProgressBlock(TrainProgress(2, 4, 2), {}, Millis(0), color), HasSubstr("\033[36m"));
  EXPECT_THAT(ProgressBlock(TrainProgress(2, 4, 4), {}, Millis(0), color), HasSubstr("\033[32m"));
  v1::SweepProgress bad = TrainProgress(2, 4, 2);
  (*bad.mutable_kinds(0)->mutable_by_state())["failed"] = 1;
  EXPECT_THAT(ProgressBlock(bad, {}, Millis(0), color), HasSubstr("\033[31m"));
  EXPECT_THAT(ProgressBlock(bad, {}, Millis(0), kAscii), Not(HasSubstr("\033")));
}

TEST(ProgressTest, LiveHasALineForEachJobTheSlotsAndTheLastFailures) {
  v1::SweepProgress progress = TrainProgress(2, 8, 4, 2);
  progress.mutable_active(0)->set_started_ms(1'000);
  v1::Event* event = progress.add_failures();
  event->set_job(3);
  event->set_type("failed");
  event->set_message("out of memory");
  const std::string block = LiveBlock(progress, {}, Millis(0), WallTime{61'000}, kAscii);
  EXPECT_THAT(block, HasSubstr("train/full/seed4"));
  EXPECT_THAT(block, HasSubstr("#########... 3/4 steps        1m00s   w1"));
  EXPECT_THAT(block, HasSubstr("train/full/seed5"));
  EXPECT_THAT(block, HasSubstr("2 of 2 slots busy, workers: 1"));
  EXPECT_THAT(block, HasSubstr("failed j3: out of memory"));
}

TEST(ProgressTest, TheLineHasAllKindsAndNoLineFeed) {
  const std::string line =
      ProgressLine(TrainProgress(2, 8, 4, 2), {Millis(20'000), Millis(20'000)}, Millis(30'000));
  EXPECT_EQ(line, "[30.0s] train 4/8 (4/8 jobs, 2 running, about 20.0s left)");
}

}  // namespace
}  // namespace eida::client
