#include "client/scope.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::HasSubstr;

class SelectTest : public testing::Test {
 protected:
  std::string Sweeps(const std::string& text) {
    const auto found = FindSweeps(api_, text);
    if (!found.ok()) return Message(found.status());
    std::string ids;
    for (const v1::Sweep& sweep : *found) ids += "s" + std::to_string(sweep.id()) + " ";
    return ids;
  }
  // "s2" for a whole sweep, "s2:11,12" for jobs of one.
  std::string Targets(const std::string& text) {
    const auto found = FindTargets(api_, text);
    if (!found.ok()) return Message(found.status());
    std::string out;
    for (const Target& target : *found) {
      out += "s" + std::to_string(target.sweep.id());
      for (const v1::Job& job : target.jobs)
        out += (&job == &target.jobs[0] ? ":" : ",") + std::to_string(job.id());
      out += " ";
    }
    return out;
  }
  FakeApi api_ = DemoApi();
};

TEST_F(SelectTest, LastNumbersNamesRangesListsAndAll) {
  EXPECT_EQ(Sweeps("last"), "s2 ");
  EXPECT_EQ(Sweeps("s1"), "s1 ");
  EXPECT_EQ(Sweeps("2"), "s2 ");
  EXPECT_EQ(Sweeps("demo"), "s2 ");
  EXPECT_EQ(Sweeps("s1-s4"), "s1 s2 ");
  EXPECT_EQ(Sweeps("s1,demo"), "s1 s2 ");
  EXPECT_EQ(Sweeps("all"), "s1 s2 ");
}

TEST_F(SelectTest, ASweepThatIsNamedTwiceIsMeantOnce) {
  EXPECT_EQ(Sweeps("s2,s1-s2,demo"), "s1 s2 ");
}

TEST_F(SelectTest, TheNewestOfANameIsMeant) {
  api_.sweeps[0].set_name("demo");
  EXPECT_EQ(Sweeps("demo"), "s2 ");
}

TEST_F(SelectTest, AnUnknownSweepGetsTheNearestName) {
  EXPECT_THAT(Sweeps("dmeo"), HasSubstr("did you mean \"demo\"?"));
  EXPECT_THAT(Sweeps("s9"), HasSubstr("there is no sweep \"s9\""));
}

TEST_F(SelectTest, PathsHaveAnOptionalSweepInFront) {
  EXPECT_EQ(SplitSweep("s12/lora-r8/seed3").sweep, "s12");
  EXPECT_EQ(SplitSweep("s12/lora-r8/seed3").rest, "lora-r8/seed3");
  EXPECT_EQ(SplitSweep("lora-r8/seed3").sweep, "last");
  EXPECT_EQ(SplitSweep("lora-r8/seed3").rest, "lora-r8/seed3");
  EXPECT_EQ(SplitSweep("soup/greedy").sweep, "last") << "an s in front is not a sweep yet";
}

TEST_F(SelectTest, APathJobIsNoSelectionThoughItHasATilde) {
  EXPECT_TRUE(IsRunSelection("variant~lora-*,seed<3"));
  EXPECT_TRUE(IsRunSelection("name=lora-r8/seed1"));
  EXPECT_FALSE(IsRunSelection("path/full/seed0~lora-r8/seed0"));
  EXPECT_FALSE(IsRunSelection("lora-r8/seed1"));
  EXPECT_EQ(Targets("path/full/seed0~lora-r8/seed0"), "s2:33 ");
}

TEST_F(SelectTest, TargetsAreSweepsRunsJobsAndSelections) {
  EXPECT_EQ(Targets("last"), "s2 ");
  EXPECT_EQ(Targets("all"), "s1 s2 ");
  EXPECT_EQ(Targets("lora-r8/seed0"), "s2:13 ");
  EXPECT_EQ(Targets("s1/full/seed0"), "s1:1 ");
  EXPECT_EQ(Targets("j21"), "s2:21 ");
  EXPECT_EQ(Targets("soup/greedy"), "s2:41 ");
  EXPECT_EQ(Targets("variant~lora-*"), "s2:13,14 ");
  EXPECT_EQ(Targets("s2/seed=0,state=succeeded"), "s2:11,13 ");
  EXPECT_THAT(Targets("lora-r8/sed0"), HasSubstr("did you mean \"lora-r8/seed0\"?"));
}

TEST_F(SelectTest, StateOfARunIsItsTrainings) {
  EXPECT_EQ(Targets("state=failed"), "s2:14 ");
  EXPECT_EQ(Targets("state!=succeeded"), "s2:14 ");
}

}  // namespace
}  // namespace eida::client
