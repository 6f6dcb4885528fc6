#include "worker/analysis/path.h"

#include <limits>

#include "common/base/fs.h"
#include "fake_study.h"
#include "gtest/gtest.h"

namespace eida::analysis {
namespace {

engine::Weights Member(float x, float y) { return {{"w", torch::tensor({x, y})}}; }

TEST(AlphaGridTest, EvenGridsHitTheDecimalsAndListsAreChecked) {
  const auto eleven = AlphaGrid(11);
  ASSERT_TRUE(eleven.ok());
  EXPECT_EQ(*eleven, (std::vector<double>{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}));
  EXPECT_EQ(*AlphaGrid(2), (std::vector<double>{0, 1}));
  EXPECT_EQ(*AlphaGrid(Json::parse("[0, 0.25, 1]")), (std::vector<double>{0, 0.25, 1}));
  for (const char* bad : {"1", "-3", "null", "\"11\"", "[0, 0.5]", "[0.1, 1]", "[0, 0.5, 0.5, 1]",
                          "[0, 1, 0.5]", "[0, \"x\", 1]"}) {
    const auto grid = AlphaGrid(Json::parse(bad));
    ASSERT_FALSE(grid.ok()) << bad;
    EXPECT_EQ(engine::ErrorClassOf(grid.status()), "config");
  }
}

TEST(PathTest, TakesTheEndsAsTheyAreAndEvaluatesOnlyBetween) {
  FakeStudy study(40);
  const engine::Weights a = Member(1.4f, 0.2f), b = Member(-0.7f, 0.1f);
  const auto end_a = study.Evaluate(a), end_b = study.Evaluate(b);
  study.evaluations = 0;
  QuietEvents events;
  const auto path = MeasurePath(study, study.LineOf(a, b), *end_a, *end_b, *AlphaGrid(11), events);
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_EQ(study.evaluations, 9);
  EXPECT_EQ(events.last_done, 9);
  EXPECT_EQ(events.last_total, 9);
  ASSERT_EQ(path->losses.sizes(), (std::vector<int64_t>{11, 40}));
  EXPECT_TRUE(torch::equal(path->losses[0], end_b->loss)) << "alpha 0 is b, bit for bit";
  EXPECT_TRUE(torch::equal(path->losses[10], end_a->loss)) << "alpha 1 is a, bit for bit";
  EXPECT_EQ(path->curve.loss.front(), engine::Score(*end_b).loss);
  for (int k = 1; k < 10; ++k) {
    const auto point = study.Evaluate(study.Interpolate(a, b, k / 10.0));
    EXPECT_EQ(path->curve.loss[k], engine::Score(*point).loss);
    EXPECT_EQ(path->curve.accuracy[k], engine::Score(*point).accuracy);
  }
  EXPECT_GT(path->curve.gap.convexity_gap, 0) << "this pair lies in two basins";
  EXPECT_EQ(path->curve.n, 40);
  ASSERT_TRUE(path->curve.intervals.has_value());
  const Intervals& interval = *path->curve.intervals;
  EXPECT_LE(interval.convexity_gap.low, path->curve.gap.convexity_gap);
  EXPECT_GE(interval.convexity_gap.high, path->curve.gap.convexity_gap);
  EXPECT_TRUE(interval.error_barrier.has_value());
}

TEST(PathTest, OfALanguageModelThereAreLossesOnly) {
  FakeStudy study(40);
  study.classifies = false;
  const engine::Weights a = Member(1.4f, 0.2f), b = Member(-0.7f, 0.1f);
  const auto end_a = study.Evaluate(a), end_b = study.Evaluate(b);
  QuietEvents events;
  const auto path = MeasurePath(study, study.LineOf(a, b), *end_a, *end_b, *AlphaGrid(5), events);
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_TRUE(path->curve.accuracy.empty());
  EXPECT_FALSE(path->curve.gap.error_barrier.has_value());
  EXPECT_GT(path->curve.gap.convexity_gap, 0);
  const TempDir dir;
  const std::string file = JoinPath(dir.path(), "curve.json");
  ASSERT_TRUE(WriteFileAtomic(file, Pretty(CurveJson(path->curve))).ok());
  const auto again = ReadCurve(file);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->gap.error_barrier.has_value());
  EXPECT_EQ(CurveJson(*again), CurveJson(path->curve));
}

TEST(PathTest, StopsBetweenPointsWhenAsked) {
  FakeStudy study(10);
  const engine::Weights a = Member(1, 0), b = Member(0, 0);
  const auto end_a = study.Evaluate(a), end_b = study.Evaluate(b);
  study.evaluations = 0;
  QuietEvents events;
  events.stop_after = 3;
  const auto path = MeasurePath(study, study.LineOf(a, b), *end_a, *end_b, *AlphaGrid(11), events);
  ASSERT_FALSE(path.ok());
  EXPECT_EQ(engine::ErrorClassOf(path.status()), "preempted");
  EXPECT_EQ(study.evaluations, 3);
}

TEST(PathTest, ALossThatIsNotFiniteNamesItsAlpha) {
  FakeStudy study(10);
  const engine::Weights a = Member(1, 0), b = Member(0, 0);
  const auto end_a = study.Evaluate(a), end_b = study.Evaluate(b);
  study.scale = std::numeric_limits<float>::infinity();
  QuietEvents events;
  const auto path = MeasurePath(study, study.LineOf(a, b), *end_a, *end_b, *AlphaGrid(11), events);
  ASSERT_FALSE(path.ok());
  EXPECT_EQ(engine::ErrorClassOf(path.status()), "nonfinite");
  EXPECT_NE(Message(path.status()).find("alpha 0.1"), std::string::npos) << path.status();
}

TEST(PathTest, EndsOfALargerEvaluationAreCutToTheItems) {
  FakeStudy study(20);
  const auto whole = study.Evaluate(Member(1, 0));
  const auto part = SelectItems(*whole, {4, 31, 58}, "end_a");
  ASSERT_TRUE(part.ok());
  EXPECT_TRUE(torch::equal(part->loss, whole->loss.index_select(0, torch::tensor({1, 10, 19}))));
  EXPECT_TRUE(torch::equal(part->item, torch::tensor({4, 31, 58})));
  const auto missing = SelectItems(*whole, {4, 5}, "end_a");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(engine::ErrorClassOf(missing.status()), "data");
  EXPECT_NE(Message(missing.status()).find("item 5"), std::string::npos);
}

TEST(CurveTest, ReadsBackWhatWasWrittenAndRefusesOtherFiles) {
  Curve curve;
  curve.a = {{"label", "x"}};
  curve.alphas = {0, 0.5, 1};
  curve.loss = {0.5, 0.75, 1.0 / 3};
  curve.accuracy = {0.5, 0.4, 0.6};
  curve.gap = MeasureGap(curve.alphas, curve.loss, {0.5, 0.6, 0.4});
  curve.n = 12;
  curve.split = "select";
  curve.item_hash = "ab";
  const TempDir dir;
  const std::string path = JoinPath(dir.path(), "curve.json");
  ASSERT_TRUE(WriteFileAtomic(path, Pretty(CurveJson(curve))).ok());
  const auto back = ReadCurve(path);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(CurveJson(*back), CurveJson(curve));

  for (const char* bad : {"{}", "[1]", "{\"format\": \"eida/curve/v1\"}", "not json"}) {
    ASSERT_TRUE(WriteFileAtomic(path, bad).ok());
    const auto refused = ReadCurve(path);
    ASSERT_FALSE(refused.ok()) << bad;
    EXPECT_EQ(engine::ErrorClassOf(refused.status()), "data");
    EXPECT_NE(Message(refused.status()).find(path), std::string::npos);
  }
}

}  // namespace
}  // namespace eida::analysis
