#include "client/report/results.h"

#include <cmath>

#include "gmock/gmock.h"
#include "tests/unit/report/sample_study.h"

namespace eida::report {
namespace {

using testing::ElementsAre;

TEST(SettingLabelTest, AdaptersHaveTheNamesOfTheirPapers) {
  EXPECT_EQ(SettingLabel("lora_xs", 32), "LoRA-XS, rank 32");
  EXPECT_EQ(SettingLabel("none", 0), "full fine-tuning");
  EXPECT_EQ(SettingLabel("eida", 0), "EIDA");
}

TEST(Stats, MeanAndDeviationOfFiniteValues) {
  const Sample sample = SampleOf({1, NAN, 2, 3});
  EXPECT_EQ(sample.n, 3);
  EXPECT_DOUBLE_EQ(sample.mean, 2);
  EXPECT_DOUBLE_EQ(sample.deviation, 1);
  EXPECT_EQ(SampleOf({5}).deviation, 0);
  EXPECT_TRUE(std::isnan(SampleOf({}).mean));
  EXPECT_EQ(Largest({NAN, -2, -1}), -1);
  EXPECT_TRUE(std::isnan(Largest({})));
  EXPECT_DOUBLE_EQ(ShareAtMost({0.1, 0.2, NAN, 0.3, 0.4}, 0.2), 0.5);
}

TEST(Results, WaysOfTrainingAreFoundByAdapterAndRankNotByName) {
  const Study study = SampleStudy();
  const Results results(study);
  std::vector<std::string> keys;
  for (const Setting& s : results.settings()) keys.push_back(s.key);
  EXPECT_THAT(keys, ElementsAre("lora 1", "lora 2", "lora 8", "full"));
  EXPECT_EQ(results.Find("lora 2")->variant, "b");
  EXPECT_EQ(results.Find("full")->variant, "base");
  EXPECT_EQ(results.Find("lora 16"), nullptr);
  EXPECT_EQ(results.Find("lora 2")->label, "LoRA, rank 2");
}

TEST(Results, OfSeveralVariantsTheOneWithTheSmallestLossStandsForAll) {
  const Study study = SampleStudy();
  const Results results(study);
  EXPECT_EQ(results.Find("lora 8")->variant, "c");
  EXPECT_THAT(results.Find("lora 8")->passed_over, ElementsAre("c-worse"));
  EXPECT_NEAR(results.Reported(*results.Find("lora 8"), "accuracy").mean, 0.76, 1e-12);
}

TEST(Results, AVariantWithoutResultsNeverStandsForOneThatHasThem) {
  Study study = SampleStudy();
  for (Model& model : study.models) {
    if (model.variant == "c") model.scores.clear();
  }
  EXPECT_EQ(Results(study).Find("lora 8")->variant, "c-worse");
}

TEST(Results, PairsOfTwoSeedsAndOfOneSeed) {
  const Study study = SampleStudy();
  const Results results(study);
  const Pairs& cka = *results.Matrix("cka");
  const std::vector<Pair> full = results.Same(cka, *results.Find("full"));
  ASSERT_EQ(full.size(), 3u);  // of three seeds, self-pairs excluded
  EXPECT_DOUBLE_EQ(full[0].value, 0.7);
  EXPECT_DOUBLE_EQ(full[0].biased, 0.75);
  const std::vector<Pair> ranks =
      results.SameSeed(cka, *results.Find("lora 1"), *results.Find("lora 8"));
  ASSERT_EQ(ranks.size(), 3u);
  for (const Pair& pair : ranks) {
    EXPECT_EQ(study.models[pair.a].seed, study.models[pair.b].seed);
    EXPECT_DOUBLE_EQ(pair.value, 0.65);
  }
  EXPECT_TRUE(results.SameSeed(cka, *results.Find("lora 1"), *results.Find("full")).empty());
  EXPECT_EQ(results.Matrix("barrier"), nullptr);
}

// Keeps of `pairs` what `keep` says of (same variant?), off the diagonal.
Pairs Only(Pairs pairs, const Study& study, bool same_variant, const std::string& name) {
  pairs.analysis = name;
  for (size_t i = 0; i < pairs.values.size(); ++i) {
    for (size_t j = 0; j < pairs.values.size(); ++j) {
      if ((study.models[i].variant == study.models[j].variant) != same_variant)
        pairs.values[i][j] = NAN;
    }
  }
  return pairs;
}

TEST(Results, PairsOfSeedsAndOfRanksMayBeTwoAnalyses) {
  Study study = SampleStudy();
  const Pairs gap = study.pairs[1];
  study.pairs = {Only(gap, study, true, "seeds"), Only(gap, study, false, "ranks")};
  const Results results(study);
  const Pairs& both = *results.Matrix("convexity_gap");
  EXPECT_EQ(both.analysis, "seeds, ranks");
  EXPECT_EQ(results.Same(both, *results.Find("full")).size(), 3u);
  EXPECT_EQ(results.SameSeed(both, *results.Find("lora 1"), *results.Find("lora 2")).size(), 3u);
}

TEST(Results, AnalysesWithOtherPointsAreNotMixed) {
  Study study = SampleStudy();
  const Pairs gap = study.pairs[1];
  study.pairs = {Only(gap, study, true, "seeds"), Only(gap, study, false, "ranks")};
  study.pairs[1].points = 26;
  const Results results(study);
  const Pairs& first = *results.Matrix("convexity_gap");
  EXPECT_TRUE(results.SameSeed(first, *results.Find("lora 1"), *results.Find("lora 2")).empty());
}

}  // namespace
}  // namespace eida::report
