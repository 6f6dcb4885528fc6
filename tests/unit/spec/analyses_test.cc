#include "common/spec/sections.h"
#include "tests/unit/spec/reading.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

// The sample with one more key in its convexity gap, or its CKA.
std::string WithGap(const std::string& keys) {
  return Replaced(SampleSweep(), "type: convexity_gap, samples: 4, alphas: 5",
                  "type: convexity_gap, " + keys);
}
std::string WithCka(const std::string& keys) {
  return Replaced(SampleSweep(), "type: cka, samples: 4", "type: cka, " + keys);
}

AnalysisSpec Gap(const std::string& keys) {
  const ParseResult result = Parse(WithGap(keys));
  EXPECT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  return result.spec ? result.spec->analyses[1] : AnalysisSpec{};
}

TEST(AnalysesTest, APresetIsTheDefaultOfWhatItSets) {
  const AnalysisSpec juneja = Gap("preset: juneja");
  EXPECT_EQ(juneja.alphas, 10);
  EXPECT_EQ(juneja.samples, 512);
  const AnalysisSpec qin = Gap("preset: qin");
  EXPECT_EQ(qin.alphas, 26);
  EXPECT_EQ(qin.samples, std::nullopt);
}

TEST(AnalysesTest, WhatAFileWritesWinsOverItsPreset) {
  EXPECT_EQ(Gap("preset: juneja, alphas: 7").alphas, 7);
  EXPECT_EQ(Gap("preset: juneja, alphas: 7").samples, 512);
  EXPECT_EQ(Gap("preset: juneja, samples: 8").samples, 8);
  EXPECT_EQ(Gap("preset: juneja, samples: null").samples, std::nullopt);
}

TEST(AnalysesTest, TheResolvedFormShowsWhatHolds) {
  const Json gap = ToJson(Gap("preset: juneja, alphas: 7"));
  EXPECT_EQ(gap["preset"], "juneja");
  EXPECT_EQ(gap["alphas"], 7);
  EXPECT_EQ(gap["samples"], 512);
  EXPECT_FALSE(ToJson(Gap("alphas: 7")).contains("preset"));
}

TEST(AnalysesTest, APresetMustExistAndFitTheType) {
  const Diagnostic unknown = Only(WithGap("preset: junja"), "enum");
  EXPECT_NE(unknown.message.find("expected one of: juneja, qin"), std::string::npos)
      << unknown.message;
  EXPECT_NE(unknown.message.find("did you mean \"juneja\"?"), std::string::npos);
  const Diagnostic misfit = Only(WithCka("preset: juneja"), "bad-reference");
  EXPECT_NE(misfit.message.find("no preset of type cka"), std::string::npos) << misfit.message;
  Only(WithGap("preset: [juneja]"), "type");
  Only(WithGap("preset: juneja, samples: 3"), "range");
}

}  // namespace
}  // namespace eida::spec
