#include "common/inputs/splits.h"

#include <numeric>
#include <set>

#include "common/inputs/rows.h"
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

TEST(RowsTest, JsonlAndTsvGiveTheSameRows) {
  const Columns columns{"q1", "q2", "y"};
  const auto tsv = *ReadRows("y\tq1\tq2\n1\ta b\tc\n", "f.tsv", "tsv", columns, 2);
  const auto jsonl =
      *ReadRows("{\"q1\": \"a b\", \"q2\": \"c\", \"y\": 1}\n\n", "f.jsonl", "jsonl", columns, 2);
  ASSERT_EQ(tsv.size(), 1u);
  ASSERT_EQ(jsonl.size(), 1u);
  EXPECT_EQ(tsv[0].text, jsonl[0].text);
  EXPECT_EQ(tsv[0].text_pair, "c");
  EXPECT_EQ(jsonl[0].label, 1);
}

TEST(RowsTest, TsvHasNoQuotingAndTakesWindowsLineEnds) {
  const auto rows =
      *ReadRows("text\tlabel\r\n\"half a quote\t0\r\n", "f.tsv", "tsv", {"text", "", "label"}, 2);
  EXPECT_EQ(rows[0].text, "\"half a quote");
}

TEST(RowsTest, PairsOfTextsHaveNoLabel) {
  const Columns columns{"en", "ro", ""};
  const auto tsv = *ReadRows("ro\ten\nUnu.\tOne.\n", "f.tsv", "tsv", columns, 2);
  const auto jsonl = *ReadRows(R"({"en": "One.", "ro": "Unu."})", "f", "jsonl", columns, 2);
  for (const auto& rows : {tsv, jsonl}) {
    EXPECT_EQ(rows[0].text, "One.");
    EXPECT_EQ(rows[0].text_pair, "Unu.");
  }
}

TEST(RowsTest, E2eLinesAreCutAtTheFirstBars) {
  const Columns columns{"source", "target", ""};
  const auto rows = *ReadRows("name : A | near : B||A is near B . \n\nname : C||x || y\r\n", "f",
                              "e2e", columns, 2);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].text, "name : A | near : B");
  EXPECT_EQ(rows[0].text_pair, "A is near B .");
  EXPECT_EQ(rows[1].text_pair, "x || y");
  const auto message = [&](const std::string& content) {
    return Message(ReadRows(content, "f.txt", "e2e", columns, 2).status());
  };
  EXPECT_EQ(message("a||b\nname : A\n"),
            "f.txt:2: has no || between a meaning representation and its reference");
  EXPECT_EQ(message("a|| \n"), "f.txt:1: column \"target\" is empty");
  EXPECT_EQ(message("\n"), "f.txt: has no rows");
}

TEST(RowsTest, Utf8IsCheckedStrictly) {
  EXPECT_EQ(FirstInvalidUtf8("aé한😀"), -1);
  EXPECT_EQ(FirstInvalidUtf8("a\xc0\x80"), 1);     // overlong
  EXPECT_EQ(FirstInvalidUtf8("\xed\xa0\x80"), 0);  // surrogate
  EXPECT_EQ(FirstInvalidUtf8("ok\xe9"), 2);
}

}  // namespace
}  // namespace eida::inputs
