#include "tests/unit/plan/sample_plan.h"

namespace eida::plan {
namespace {

TEST(PlanTest, AMatrixMakesDoWithAPairAndNothingElseMakesDo) {
  for (const JobRecord& job : PlanOf(spec::SampleSweep()).jobs) {
    const bool of_paths = job.spec.name == "matrix/gap" || job.spec.name == "matrix/barrier";
    EXPECT_EQ(job.spec.quorum, of_paths                        ? 1
                               : job.spec.name == "matrix/cka" ? 2
                                                               : 0)
        << job.spec.name;
  }
}

TEST(PlanTest, TwoSelectionsGiveThePairsAcross) {
  const std::string cross = spec::Replaced(
      spec::SampleSweep(), "type: convexity_gap,",
      "type: convexity_gap, select: \"variant~lora-*\", with: variant=full, confidence: 0.9,");
  for (const JobRecord& job : PlanOf(cross).jobs) {
    const Json spec = *ParseJson(job.spec.spec, "spec");
    if (job.spec.name != "matrix/gap") continue;
    EXPECT_EQ(spec["members"].size(), 9u);
    EXPECT_EQ(spec["members"][0]["label"], "lora-r1/seed0");
    EXPECT_EQ(spec["members"][6]["label"], "full/seed0");
    EXPECT_EQ(spec["detail"]["rows"], 6);
    ASSERT_EQ(spec["pairs"].size(), 18u);
    for (const Json& pair : spec["pairs"]) {
      EXPECT_LT(pair[0], 6);
      EXPECT_GE(pair[1], 6);
    }
    EXPECT_EQ(job.spec.parents.size(), 18u);
    const JobRecord path =
        PlanOf(cross).jobs.at(static_cast<size_t>(job.spec.parents[0].parent.value()) - 1);
    EXPECT_EQ((*ParseJson(path.spec.spec, "spec"))["confidence"], 0.9);
  }
}

TEST(PlanTest, EqualRunsAreOneParentOfAMatrix) {
  std::string twins = spec::Replaced(spec::SampleSweep(), "seeds: 0..2", "seeds: [0]");
  twins =
      spec::Replaced(twins, "variants:\n", "variants:\n  - {name: again, adapter: {type: none}}\n");
  twins = spec::Replaced(twins, "type: cka,", "type: cka, select: \"variant!~lora-*\",");
  for (const JobRecord& job : PlanOf(twins).jobs) {
    std::set<JobId> parents;
    for (const ParentEdge& edge : job.spec.parents) parents.insert(edge.parent);
    EXPECT_LE(job.spec.quorum, static_cast<int>(parents.size())) << job.spec.name;
  }
}

TEST(PlanTest, PairsAreSelected) {
  const std::string text = spec::Replaced(spec::SampleSweep(), "{name: gap, type: convexity_gap,",
                                          "{name: gap, type: convexity_gap, pairs: same_variant,");
  EXPECT_EQ(CountOf(PlanOf(spec::Replaced(
                        text, "  - {name: barrier, type: barrier, samples: 4, alphas: 5}\n", "")),
                    JobKind::kPath),
            9);
}

}  // namespace
}  // namespace eida::plan
