#include "client/report/claims.h"

#include <set>

#include "gmock/gmock.h"
#include "tests/unit/report/sample_study.h"

namespace eida::report {
namespace {

using testing::HasSubstr;

class ClaimsTest : public testing::Test {
 protected:
  Finding Of(const std::string& id) const {
    const Results results(study_);
    for (const auto* claims : {&ThesisClaims(), &EidaClaims()}) {
      for (const Claim& claim : *claims) {
        if (claim.id == id) return TestClaim(claim, results);
      }
    }
    ADD_FAILURE() << "no claim " << id;
    return {};
  }
  Verdict Of(const char* id) const { return Of(std::string(id)).verdict; }
  void SetGap(const std::string& variant, int64_t one, int64_t other, double value) {
    const size_t a = ModelAt(study_, variant, one), b = ModelAt(study_, variant, other);
    Pairs& gap = study_.pairs[1];
    gap.values[a][b] = gap.values[b][a] = value;
    gap.relative[a][b] = gap.relative[b][a] = 2 * value;
  }
  Study study_ = SampleStudy();
};

TEST_F(ClaimsTest, OnQqp) {
  EXPECT_EQ(Of("C1"), Verdict::kHolds);  // 71, 72, 76
  EXPECT_THAT(Of(std::string("C1")).measured, HasSubstr("r=1 71.00, r=2 72.00, r=8 76.00"));
  EXPECT_EQ(Of("C2"), Verdict::kUntested);  // no rank above 8
  EXPECT_EQ(Of("C3"), Verdict::kFails);     // 76 against 81
  EXPECT_EQ(Of("C5"), Verdict::kHolds);     // 0.69, 0.68, 0.62 of 0.75
  EXPECT_EQ(Of("C6"), Verdict::kFails);
  EXPECT_EQ(Of("C7"), Verdict::kHolds);  // 0.70
  EXPECT_EQ(Of("C8"), Verdict::kFails);  // 0.70 against 0.69 and 0.68
  EXPECT_EQ(Of("C9"), Verdict::kUntested);
  EXPECT_EQ(Of("C13"), Verdict::kHolds);
  EXPECT_EQ(Of("C14"), Verdict::kHolds);
  EXPECT_EQ(Of("C16"), Verdict::kHolds);
  EXPECT_EQ(Of("C18"), Verdict::kHolds);  // 0.004 against 0.015
  EXPECT_EQ(Of("C23"), Verdict::kHolds);
  EXPECT_EQ(Of("C24"), Verdict::kFails);
}

TEST_F(ClaimsTest, TheNamedSeedsAreComparedWithTheOthers) {
  EXPECT_EQ(Of("C15"), Verdict::kUntested);  // every pair of 1, 2 and 69 has one of the two
  for (Model& model : study_.models) {
    if (model.variant == "c-worse" && model.adapter == "lora") model.adapter = "none";
  }
  EXPECT_EQ(Of("C15"), Verdict::kUntested);
}

TEST_F(ClaimsTest, OneHighGapOfRank32BreaksOneClaimOnly) {
  for (Model& model : study_.models) {
    if (model.variant == "c") model.rank = 32;
  }
  SetGap("c", 1, 2, 0.025);
  EXPECT_EQ(Of("C16"), Verdict::kHolds);
  EXPECT_EQ(Of("C17"), Verdict::kHolds);
  SetGap("b", 1, 2, 0.025);
  EXPECT_EQ(Of("C17"), Verdict::kFails);
  SetGap("b", 1, 2, 0.031);
  EXPECT_EQ(Of("C16"), Verdict::kFails);
}

TEST_F(ClaimsTest, MostMeansMoreThanHalf) {
  SetGap("base", 1, 2, 0.02);  // not below 0.02
  EXPECT_EQ(Of("C14"), Verdict::kHolds);
  SetGap("base", 1, 69, 0.02);
  EXPECT_EQ(Of("C14"), Verdict::kFails);
}

TEST_F(ClaimsTest, HalfOfThePairsWithin10PercentAtEveryRank) {
  study_.task = "translation";
  EXPECT_EQ(Of("C19"), Verdict::kHolds);
  SetGap("c", 1, 2, 0.06);  // relative 0.12
  EXPECT_EQ(Of("C19"), Verdict::kHolds);
  EXPECT_THAT(Of(std::string("C19")).measured, HasSubstr("r=8 67 %"));
  SetGap("c", 1, 69, 0.06);
  EXPECT_EQ(Of("C19"), Verdict::kFails);
  EXPECT_EQ(Of("C21"), Verdict::kFails);
  SetGap("c", 1, 69, 0.6);
  EXPECT_EQ(Of("C21"), Verdict::kHolds);
}

TEST_F(ClaimsTest, OnTranslationSimilarityIsBelowFullFineTunings) {
  study_.task = "translation";
  EXPECT_EQ(Of("C10"), Verdict::kHolds);
  EXPECT_EQ(Of("C20"), Verdict::kFails);  // LoRA's gaps are smaller here
  EXPECT_EQ(Of("C4"), Verdict::kUntested);
}

TEST_F(ClaimsTest, AClaimOnOtherDataIsNotTested) {
  EXPECT_EQ(Of("C4"), Verdict::kUntested);
  EXPECT_THAT(Of(std::string("C4")).measured, HasSubstr("task translation"));
  EXPECT_EQ(Of("E3"), Verdict::kUntested);
}

TEST_F(ClaimsTest, NothingIsTestedOnNothing) {
  study_.models.resize(1);
  study_.models[0].scores.clear();
  study_.pairs.clear();
  study_.soups.clear();
  for (const char* task : {"classification", "translation", "e2e"}) {
    study_.task = task;
    const Results results(study_);
    for (const auto* claims : {&ThesisClaims(), &EidaClaims()}) {
      for (const Claim& claim : *claims) {
        const Finding finding = TestClaim(claim, results);
        EXPECT_EQ(finding.verdict, Verdict::kUntested) << claim.id;
        EXPECT_NE(finding.measured, "") << claim.id;
      }
    }
  }
}

TEST_F(ClaimsTest, EveryClaimHasALineOfTheTable) {
  const Table table = ClaimsTable(ThesisClaims(), Results(study_));
  std::set<std::string> ids;
  for (const Row& row : table.rows) {
    if (!row.heading) ids.insert(row.cells[0].text);
  }
  EXPECT_EQ(ids.size(), ThesisClaims().size());
  EXPECT_EQ(table.rows[1].cells[2].text, "holds");
}

}  // namespace
}  // namespace eida::report
