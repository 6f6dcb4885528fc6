// What every metric of common/catalog/metrics.def keeps, without a test of its own; and numbers
// that are known.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/catalog/catalog.h"
#include "tests/unit/engine/model_world.h"
#include "tests/unit/engine/tiny.h"
#include "worker/engine/metrics/metric.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;

// Guesses of three classes, right where `labels` and `guesses` agree.
Measured Results(const std::vector<int64_t>& labels, const std::vector<int64_t>& guesses) {
  Measured out;
  out.label = labels;
  out.guess = guesses;
  out.classes = 3;
  for (size_t i = 0; i < labels.size(); ++i) {
    const double wrong = labels[i] == guesses[i] ? 0 : 2;
    out.loss.push_back(0.25 + wrong + 0.01 * static_cast<double>(i));
    out.loss_smoothed.push_back(0.5 + wrong + 0.02 * static_cast<double>(i));
    out.count.push_back(1);
  }
  return out;
}
const std::vector<int64_t> kLabels = {0, 1, 1, 2, 1, 0, 2, 1}, kGuesses = {0, 1, 0, 2, 1, 1, 2, 2};

class ItemMetricTest : public testing::TestWithParam<std::string> {
 protected:
  const catalog::Metric& metric_ = *catalog::Find(catalog::Metrics(), GetParam());
  double Of(const Measured& results) { return MetricsOf(results).at(GetParam()); }
};

TEST_P(ItemMetricTest, IsFiniteAndBetterWhereMoreIsRight) {
  const double some = Of(Results(kLabels, kGuesses)), all = Of(Results(kLabels, kLabels));
  EXPECT_TRUE(std::isfinite(some));
  EXPECT_TRUE(metric_.maximize ? all > some : all < some) << all << " " << some;
  if (metric_.maximize) {
    EXPECT_DOUBLE_EQ(all, 1) << "every metric of shares and correlations ends there";
  }
}

TEST_P(ItemMetricTest, TheOrderOfItemsDoesNotMatter) {
  Measured results = Results(kLabels, kGuesses);
  const double before = Of(results);
  for (auto* numbers : {&results.loss, &results.loss_smoothed, &results.count})
    std::reverse(numbers->begin(), numbers->end());
  std::reverse(results.label.begin(), results.label.end());
  std::reverse(results.guess.begin(), results.guess.end());
  EXPECT_NEAR(Of(results), before, 1e-15);
}

TEST_P(ItemMetricTest, IsThereWhereTheResultsAreEnoughForIt) {
  Measured results = Results(kLabels, kGuesses);
  results.loss_smoothed.clear();
  EXPECT_EQ(MetricsOf(results).count(GetParam()), metric_.of_smoothing ? 0u : 1u);
  results = Results(kLabels, kGuesses);
  results.label.clear(), results.guess.clear(), results.classes = 0;
  EXPECT_EQ(MetricsOf(results).count(GetParam()), metric_.of_labels ? 0u : 1u);
  EXPECT_TRUE(MetricsOf(Measured()).empty());
}

TEST_P(ItemMetricTest, OneItemIsEnough) {
  EXPECT_TRUE(std::isfinite(Of(Results({0}, {0}))));
  EXPECT_TRUE(std::isfinite(Of(Results({2}, {1}))));
}

INSTANTIATE_TEST_SUITE_P(Metrics, ItemMetricTest,
                         testing::ValuesIn(catalog::Ids(catalog::Metrics())),
                         [](const auto& info) { return info.param; });

TEST(MatthewsTest, OfTwoClassesIsThePhiCoefficient) {
  // 6 true positives, 3 true negatives, 1 false positive, 2 false negatives.
  Measured results;
  const auto add = [&](int64_t label, int64_t guess, int times) {
    for (int i = 0; i < times; ++i) results.label.push_back(label), results.guess.push_back(guess);
  };
  add(1, 1, 6), add(0, 0, 3), add(0, 1, 1), add(1, 0, 2);
  results.classes = 2;
  results.loss.assign(12, 1), results.count.assign(12, 1);
  EXPECT_NEAR(MetricsOf(results).at("matthews"), (6 * 3 - 1 * 2) / std::sqrt(7 * 8 * 4 * 5), 1e-15);
  EXPECT_NEAR(MetricsOf(results).at("f1"), 12.0 / 15, 1e-15);
}

// Worked by hand from R_K's definition: labels (2, 4, 2), guesses (2, 3, 3) times, 5 of 8 right.
TEST(MatthewsTest, OfThreeClassesIsRk) {
  const double expected =
      (5 * 8 - (2 * 2 + 4 * 3 + 2 * 3)) / std::sqrt((64. - (4 + 16 + 4)) * (64. - (4 + 9 + 9)));
  EXPECT_NEAR(MetricsOf(Results(kLabels, kGuesses)).at("matthews"), expected, 1e-15);
  EXPECT_EQ(MetricsOf(Results(kLabels, std::vector<int64_t>(8, 1))).at("matthews"), 0)
      << "of guesses that are all the same";
}

TEST(SmoothedLossTest, LabelsCountAndNotItems) {
  Measured results;
  results.loss = {1, 4}, results.loss_smoothed = {2, 5}, results.count = {3, 1};
  const auto values = MetricsOf(results);
  EXPECT_THAT(values, ElementsAre(Key("loss"), Key("loss_smoothed")));
  EXPECT_DOUBLE_EQ(values.at("loss"), 7.0 / 4);
  EXPECT_DOUBLE_EQ(values.at("loss_smoothed"), 11.0 / 4);
}

// Against the losses that training minimises, of a classifier, a decoder and an encoder-decoder.
TEST(SmoothedLossTest, IsTheLossThatTrainingSmooths) {
  for (const char* family : {"bert", "gpt2", "mbart"}) {
    const ModelWorld w(family);
    Numerics numerics;
    numerics.batch_size = 2;
    const EvalResult plain = EvaluateWeights(*w.base, {}, w.examples, numerics).value();
    EXPECT_FALSE(plain.loss_smoothed.defined());
    numerics.label_smoothing = 0.1;
    const EvalResult both = EvaluateWeights(*w.base, {}, w.examples, numerics).value();
    EXPECT_TRUE(at::equal(both.loss, plain.loss)) << family;
    const Losses smoothed = w.LossesWith({}, w.All(), 0.1);
    EXPECT_LE(Difference(both.loss_smoothed, smoothed.sum / smoothed.count), 1e-5) << family;
    EXPECT_GT(Difference(both.loss_smoothed, both.loss), 1e-3) << family;
    const Json scores = ToJson(Score(both));
    EXPECT_NEAR(scores.at("loss_smoothed").get<double>(),
                (smoothed.sum.sum() / smoothed.count.sum()).item<double>(), 1e-5);

    TempDir dir("eida-smoothed");
    ASSERT_TRUE(WriteEval(both, dir.path() + "/eval").ok());
    EXPECT_TRUE(at::equal(ReadEval(dir.path() + "/eval")->loss, both.loss));
    numerics.compare_smoothed = true;
    const EvalResult compared = EvaluateWeights(*w.base, {}, w.examples, numerics).value();
    ASSERT_TRUE(WriteEval(compared, dir.path() + "/eval").ok());
    const EvalResult read = ReadEval(dir.path() + "/eval").value();
    EXPECT_TRUE(at::equal(read.loss, both.loss_smoothed));
    EXPECT_FALSE(read.loss_smoothed.defined()) << "one loss for whoever compares";
    EXPECT_EQ(Score(read).loss, scores.at("loss_smoothed"));
    const Weights file = ReadSafetensors(dir.path() + "/eval").value();
    EXPECT_TRUE(at::equal(file.at("loss"), both.loss)) << "the file has both";
  }
}

TEST(SmoothedLossTest, RunsChooseByItAndSayWhatItNeeds) {
  const Tiny tiny;
  Recorder events;
  const Json eval = {{"every", {{"epochs", 1}}},
                     {"split", "select"},
                     {"metric", "loss_smoothed"},
                     {"goal", "minimize"},
                     {"label_smoothing", 0.2}};
  const JobResult result = RunTrain(tiny.Train({{"eval", eval}}), events).value();
  const Json best = result.summary.at("best");
  EXPECT_EQ(best.at("metric"), "loss_smoothed");
  EXPECT_GT(best.at("loss_smoothed").get<double>(), best.at("loss").get<double>());
  EXPECT_FALSE(std::isnan(events.Last("select/loss_smoothed")));
  EXPECT_FALSE(std::isnan(events.Last("select/matthews")));

  Json without = eval;
  without.erase("label_smoothing");
  const Status refused = RunTrain(tiny.Train({{"eval", without}}), events).status();
  EXPECT_EQ(ErrorClassOf(refused), "config");
  EXPECT_THAT(Message(refused), HasSubstr("which needs eval.label_smoothing"));
}

}  // namespace
}  // namespace eida::engine
