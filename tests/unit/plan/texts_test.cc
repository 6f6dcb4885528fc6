#include "tests/unit/plan/sample_plan.h"

namespace eida::plan {
namespace {

TEST(PlanTest, ARunWritesTextsOfTheReportedSplitWhereTheSweepAsks) {
  const std::string plain = spec::OfTexts("  task: e2e\n"),
                    asked = spec::OfTexts("  task: e2e\n",
                                          "loss, generate: {num_beams: 4, max_length: 12, "
                                          "batch_size: 16}");
  EXPECT_EQ(CountOf(PlanOf(plain), JobKind::kGenerate), 0);
  const Plan plan = PlanOf(asked);
  ASSERT_EQ(CountOf(plan, JobKind::kGenerate), 10);  // the soup writes too
  const auto soup = std::find_if(plan.jobs.begin(), plan.jobs.end(), [](const JobRecord& j) {
    return j.spec.name == "generate/soup/greedy/select";
  });
  ASSERT_NE(soup, plan.jobs.end());
  ASSERT_EQ(soup->spec.parents.size(), 1u);
  EXPECT_EQ(plan.jobs.at(static_cast<size_t>(soup->spec.parents[0].parent.value()) - 1).spec.kind,
            JobKind::kSoup);
  const auto job = std::find_if(plan.jobs.begin(), plan.jobs.end(), [](const JobRecord& j) {
    return j.spec.name == "generate/lora-r8/seed2/select";
  });
  ASSERT_NE(job, plan.jobs.end());
  const Json own = *ParseJson(job->spec.spec, "spec");
  EXPECT_EQ(own["generate"], (Json{{"num_beams", 4},
                                   {"max_length", 12},
                                   {"early_stopping", false},
                                   {"length_penalty", 1.0}}));
  EXPECT_EQ(own["numerics"]["batch_size"], 16);
  EXPECT_EQ(own["metrics"].size(), 5u);
  ASSERT_EQ(job->spec.parents.size(), 1u);
  EXPECT_EQ(job->spec.parents[0].artifact, "weights");
  EXPECT_FALSE(own["generate"].contains("splits"));
  // Texts of other splits are jobs of their own, of runs and of soups.
  const Plan both = PlanOf(spec::OfTexts("  task: e2e\n",
                                         "loss, generate: {num_beams: 4, max_length: 12, "
                                         "batch_size: 16, splits: [select, train]}"));
  EXPECT_EQ(CountOf(both, JobKind::kGenerate), 20);
  const auto names = FingerprintsByName(both);
  EXPECT_EQ(names.count("generate/soup/greedy/train"), 1u);
  EXPECT_EQ(names.at("generate/lora-r8/seed2/select"),
            FingerprintsByName(plan).at("generate/lora-r8/seed2/select"));
  // What is generated changes no other job.
  const auto before = FingerprintsByName(PlanOf(plain)), after = FingerprintsByName(plan);
  for (const auto& [name, fingerprint] : before) EXPECT_EQ(after.at(name), fingerprint) << name;
}

}  // namespace
}  // namespace eida::plan
