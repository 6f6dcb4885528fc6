#include "common/render/linkage.h"

#include <cmath>

#include "gtest/gtest.h"

namespace eida::render {
namespace {

using Distances = std::vector<std::vector<double>>;

// Rows of (left, right, height, size), as scipy prints them.
void ExpectMerges(const Linkage& linkage, const std::vector<std::vector<double>>& expected) {
  ASSERT_EQ(linkage.merges.size(), expected.size());
  for (size_t k = 0; k < expected.size(); ++k) {
    const Merge& merge = linkage.merges[k];
    EXPECT_EQ(static_cast<double>(merge.left), expected[k][0]) << k;
    EXPECT_EQ(static_cast<double>(merge.right), expected[k][1]) << k;
    EXPECT_NEAR(merge.height, expected[k][2], 1e-12) << k;
    EXPECT_EQ(static_cast<double>(merge.size), expected[k][3]) << k;
  }
}

TEST(LinkageTest, JoinsByTheMeanOfAllPairs) {
  // By hand: 1-3 at 1; then 0 with {1,3} at (2+4)/2 = 3; then 2 at (9+7+8)/3 = 8.
  const Distances d = {{0, 2, 9, 4}, {2, 0, 7, 1}, {9, 7, 0, 8}, {4, 1, 8, 0}};
  const Linkage linkage = AverageLinkage(d);
  ExpectMerges(linkage, {{1, 3, 1, 2}, {0, 4, 3, 3}, {2, 5, 8, 4}});
  EXPECT_EQ(linkage.leaves, (std::vector<size_t>{2, 0, 1, 3}));
}

TEST(LinkageTest, TwoClustersWeighByTheirSizes) {
  // {0,1} at 1, {2,3} at 2, 4 with {0,1} at 3, all at the mean of six pairs, not of two clusters.
  const Distances d = {{0, 1, 10, 12, 3},
                       {1, 0, 14, 16, 3},
                       {10, 14, 0, 2, 20},
                       {12, 16, 2, 0, 30},
                       {3, 3, 20, 30, 0}};
  ExpectMerges(AverageLinkage(d), {{0, 1, 1, 2}, {2, 3, 2, 2}, {4, 5, 3, 3}, {6, 7, 102.0 / 6, 5}});
}

TEST(LinkageTest, UnknownDistancesAreLeftOutAndStrangersJoinLast) {
  const double none = std::nan("");
  // 0-2 is not known: {0,1} meets 2 by 1-2 alone. Nothing is known of 3.
  const Distances d = {
      {0, 1, none, none}, {1, 0, 5, none}, {none, 5, 0, none}, {none, none, none, 0}};
  const Linkage linkage = AverageLinkage(d);
  ExpectMerges(linkage, {{0, 1, 1, 2}, {2, 4, 5, 3}, {3, 5, 5, 4}});
  EXPECT_EQ(linkage.leaves, (std::vector<size_t>{3, 2, 0, 1}));
}

TEST(LinkageTest, OfOneAndOfNone) {
  EXPECT_TRUE(AverageLinkage({}).leaves.empty());
  EXPECT_EQ(AverageLinkage({{0}}).leaves, std::vector<size_t>{0});
  EXPECT_TRUE(AverageLinkage({{0}}).merges.empty());
}

}  // namespace
}  // namespace eida::render
