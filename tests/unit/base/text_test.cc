#include "common/base/text.h"

#include <map>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/json.h"
#include "common/base/rng.h"
#include "gtest/gtest.h"

namespace eida {
namespace {

TEST(TextTest, SplitKeepsEmptyPartsAndJoinUndoesIt) {
  EXPECT_EQ(Split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(Join(Split("a,,b,", ','), ","), "a,,b,");
}

TEST(TextTest, HtmlIsEscapedForTextsAndAttributes) {
  EXPECT_EQ(HtmlEscape("<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
  EXPECT_EQ(HtmlEscape("ș\n\t\x01"), "ș\n\t\xEF\xBF\xBD");
}

TEST(TextTest, EditDistanceCountsTranspositionsAsOne) {
  EXPECT_EQ(EditDistance("lerning", "learning"), 1u);
  EXPECT_EQ(EditDistance("seed", "sede"), 1u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
}

TEST(TextTest, NearestFindsWhatWasMeantAndNothingFarFetched) {
  EXPECT_EQ(Nearest("epohcs", {"epochs", "steps", "lr"}), "epochs");
  EXPECT_EQ(Nearest("zzzzzz", {"epochs", "steps", "lr"}), "");
  EXPECT_EQ(Meant("epohcs", {"epochs", "lr"}), "; did you mean \"epochs\"?");
  EXPECT_EQ(Meant("zzzzzz", {"epochs", "lr"}), "");
}

TEST(TextTest, GlobMatches) {
  EXPECT_TRUE(GlobMatch("lora-*", "lora-r8"));
  EXPECT_TRUE(GlobMatch("*r?", "lora-r8"));
  EXPECT_FALSE(GlobMatch("lora-?", "lora-r8"));
  EXPECT_TRUE(GlobMatch("*a*b*", "xxaybzz"));
  EXPECT_FALSE(GlobMatch("", "x"));
}

TEST(TextTest, NumbersForPeopleAndForMachines) {
  EXPECT_EQ(FormatBytes(512), "512 B");
  EXPECT_EQ(FormatBytes(91'000'000), "86.8 MiB");
  EXPECT_EQ(FormatDouble(0.1), "0.1");
  EXPECT_EQ(FormatDouble(2e-4), "2e-04");
  EXPECT_EQ(FormatDuration(Millis(45)), "45ms");
  EXPECT_EQ(FormatDuration(Millis(12'300)), "12.3s");
  EXPECT_EQ(FormatDuration(Millis(200'000)), "3m20s");
  EXPECT_EQ(FormatDuration(Millis(3'720'000)), "1h02m");
}

TEST(TextTest, EllipsisCutsBetweenCharacters) {
  EXPECT_EQ(Ellipsis("abc", 3), "abc");
  EXPECT_EQ(Ellipsis("a한b", 2), "a…");
}

TEST(ClockTest, WallTimeIsRfc3339InUtc) {
  EXPECT_EQ(FormatTime({1'700'000'000'123}), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(FormatTime({0}), "");
}

TEST(ClockTest, AJumpOfTheWallClockMovesNoTimer) {
  FakeClock clock;
  const Now before = clock.Read();
  clock.JumpWall(Millis(-3'600'000));
  EXPECT_EQ(clock.Read().mono, before.mono);
  clock.Advance(Millis(5));
  EXPECT_EQ(clock.Read().mono - before.mono, Millis(5));
}

TEST(RngTest, IsTheSameEverywhere) {
  Rng rng(1234567);
  EXPECT_EQ(rng.Next(), 6457827717110365317ull);  // the published sequence of SplitMix64
  EXPECT_EQ(rng.Next(), 3203168211198807973ull);
}

TEST(RngTest, PurposesAreIndependentStreams) {
  EXPECT_NE(Rng(1, "order").Next(), Rng(1, "init").Next());
  EXPECT_NE(Rng(1, "order").Next(), Rng(2, "order").Next());
  EXPECT_EQ(Rng(1, "order").Next(), Rng(1, "order").Next());
}

TEST(RngTest, BelowIsUniformAndShuffleKeepsEveryItem) {
  Rng rng(7);
  std::map<uint64_t, int> counts;
  for (int i = 0; i < 30'000; ++i) ++counts[rng.Below(3)];
  for (const auto& [value, count] : counts) EXPECT_NEAR(count, 10'000, 400) << value;
  std::vector<int> items = {1, 2, 3, 4, 5, 6};
  rng.Shuffle(items);
  std::sort(items.begin(), items.end());
  EXPECT_EQ(items, (std::vector<int>{1, 2, 3, 4, 5, 6}));
}

TEST(JsonTest, CanonicalSortsKeysAndRoundTripsNumbers) {
  const Json value = *ParseJson(R"({"b": 0.1, "a": [1, 2e-4]})", "test");
  EXPECT_EQ(Canonical(value), R"({"a":[1,0.0002],"b":0.1})");
  EXPECT_EQ(*ParseJson(Canonical(value), "again"), value);
}

TEST(JsonTest, ErrorsNameThePlaceAndTheKey) {
  EXPECT_NE(
      Message(ParseJson("{\"a\": }", "x.json").status()).find("x.json: not valid JSON at byte 7"),
      std::string::npos);
  EXPECT_EQ(Message(Require<int>(Json{{"a", "text"}}, "a", "job").status()),
            "job: \"a\" has the wrong type (string)");
  EXPECT_EQ(Message(Require<int>(Json::object(), "a", "job").status()), "job: missing \"a\"");
}

TEST(IdsTest, PrintTheirPrefixAndDoNotMix) {
  EXPECT_EQ(SweepId(3).ToString(), "s3");
  EXPECT_EQ(JobId(17).ToString(), "j17");
  EXPECT_FALSE(JobId());
  static_assert(!std::is_convertible_v<SweepId, JobId>);
}

}  // namespace
}  // namespace eida
