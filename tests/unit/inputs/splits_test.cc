#include "common/inputs/splits.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "gtest/gtest.h"

namespace eida::inputs {
namespace {

TEST(SplitsTest, PartsAreDisjointCompleteAndInFileOrder) {
  const std::vector<SplitRule> rules = {
      {"train", "", {}, {}, 0}, {"select", "train", 0.2, {}, 0}, {"report", "train", {}, 10, 1}};
  const auto splits = *ResolveSplits(rules, {{"train", 100}}, {});
  EXPECT_EQ(splits.at("select").rows.size(), 20u);
  EXPECT_EQ(splits.at("report").rows.size(), 10u);
  EXPECT_EQ(splits.at("train").rows.size(), 70u);
  std::set<int64_t> all;
  for (const auto& [name, items] : splits) {
    EXPECT_TRUE(std::is_sorted(items.rows.begin(), items.rows.end()));
    all.insert(items.rows.begin(), items.rows.end());
  }
  EXPECT_EQ(all.size(), 100u);
}

TEST(SplitsTest, TheSeedDecidesAndNothingElse) {
  std::vector<SplitRule> rules = {{"train", "", {}, {}, 0}, {"select", "train", {}, 10, 0}};
  const auto first = *ResolveSplits(rules, {{"train", 100}}, {});
  EXPECT_EQ(ResolveSplits(rules, {{"train", 100}}, {})->at("select").rows, first.at("select").rows);
  rules[1].seed = 1;
  EXPECT_NE(ResolveSplits(rules, {{"train", 100}}, {})->at("select").rows, first.at("select").rows);
}

TEST(SplitsTest, ALimitKeepsThatMany) {
  const auto splits = *ResolveSplits({{"train", "", {}, {}, 0}}, {{"train", 100}}, {{"train", 7}});
  EXPECT_EQ(splits.at("train").rows.size(), 7u);
  EXPECT_FALSE(ResolveSplits({{"train", "", {}, {}, 0}}, {{"train", 100}}, {{"dev", 7}}).ok());
}

TEST(SplitsTest, SamplesAreASubsetInOrder) {
  std::vector<int64_t> rows(50);
  std::iota(rows.begin(), rows.end(), 100);
  const std::vector<int64_t> sample = SampleRows(rows, 5, 0);
  EXPECT_EQ(sample.size(), 5u);
  EXPECT_TRUE(std::includes(rows.begin(), rows.end(), sample.begin(), sample.end()));
  EXPECT_EQ(SampleRows(rows, 60, 0), rows);
  EXPECT_NE(SampleRows(rows, 5, 1), sample);
  EXPECT_NE(ItemHash(sample), ItemHash(rows));
}

// One half to choose on, the other to report: the source keeps what the part does not take.
TEST(SplitsTest, AHalfLeavesTheOtherHalfToItsSource) {
  const std::vector<SplitRule> rules = {{"train", "", {}, {}, 0},
                                        {"validation", "", {}, {}, 0},
                                        {"select", "validation", 0.5, {}, 0}};
  for (const int64_t n : {20, 21}) {
    const auto splits = *ResolveSplits(rules, {{"train", 4}, {"validation", n}}, {});
    std::vector<int64_t> both = splits.at("select").rows;
    const std::vector<int64_t>& other = splits.at("validation").rows;
    EXPECT_EQ(both.size(), static_cast<size_t>((n + 1) / 2));
    both.insert(both.end(), other.begin(), other.end());
    std::sort(both.begin(), both.end());
    std::vector<int64_t> all(static_cast<size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(both, all);
    EXPECT_EQ(splits.at("train").rows.size(), 4u);
  }
}

TEST(SplitsTest, HalvesAreDisjointCompleteInOrderAndOfTheSeed) {
  std::vector<int64_t> rows(31);
  std::iota(rows.begin(), rows.end(), 5);
  const auto one = HalfOfRows(rows, 3, false), other = HalfOfRows(rows, 3, true);
  EXPECT_EQ(one.size(), 15u);
  EXPECT_EQ(other.size(), 16u);
  EXPECT_TRUE(std::is_sorted(one.begin(), one.end()) && std::is_sorted(other.begin(), other.end()));
  std::set<int64_t> all(one.begin(), one.end());
  all.insert(other.begin(), other.end());
  EXPECT_EQ(all, std::set<int64_t>(rows.begin(), rows.end()));
  EXPECT_EQ(HalfOfRows(rows, 3, false), one);
  EXPECT_NE(HalfOfRows(rows, 4, false), one);
  EXPECT_TRUE(HalfOfRows({8}, 0, false).empty());
}

}  // namespace
}  // namespace eida::inputs
