#include "tests/sanitizers/sanitized.h"
#include "tests/unit/plan/sample_plan.h"

namespace eida::plan {
namespace {

TEST(PlanTest, HasTheJobsOfTheStudy) {
  const Plan plan = PlanOf(spec::SampleSweep());
  EXPECT_EQ(plan.runs.size(), 9u);
  EXPECT_EQ(CountOf(plan, JobKind::kTrain), 9);
  EXPECT_EQ(CountOf(plan, JobKind::kGram), 9);
  EXPECT_EQ(CountOf(plan, JobKind::kPath), 36);  // shared by gap and barrier
  EXPECT_EQ(CountOf(plan, JobKind::kMatrix), 3);
  EXPECT_EQ(CountOf(plan, JobKind::kSoup), 1);
}

TEST(PlanTest, NoTwoJobsShareAName) {
  // The same pairs on two grids and in two spaces, the same grams of other items.
  const std::string many = spec::SampleSweep() + R"(
  - {name: again, type: greedy})";
  std::string sweep = spec::Replaced(many, "soups:\n", R"(
  - {name: fine, type: convexity_gap, samples: 4, alphas: 7}
  - {name: whole, type: cka, layers: [layer.0]}
  - {name: factors, type: barrier, samples: 4, alphas: 5, space: adapter, pairs: same_variant}
soups:
)");
  std::set<std::string> names;
  for (const JobRecord& job : PlanOf(sweep).jobs)
    EXPECT_TRUE(names.insert(job.spec.name).second) << job.spec.name;
  EXPECT_TRUE(names.count("path/full/seed0~full/seed1#3"));
}

TEST(PlanTest, ParentsComeBeforeChildrenAndRolesAreUnique) {
  for (const Plan plan = PlanOf(spec::SampleSweep()); const JobRecord& job : plan.jobs) {
    std::set<std::string> roles;
    for (const ParentEdge& edge : job.spec.parents) {
      EXPECT_LT(edge.parent, job.spec.id) << job.spec.name;
      EXPECT_TRUE(roles.insert(edge.role).second) << job.spec.name << " " << edge.role;
    }
    EXPECT_EQ(job.status.state, job.spec.parents.empty() ? JobState::kReady : JobState::kBlocked);
    EXPECT_TRUE(ParseJson(job.spec.spec, job.spec.name).ok());
  }
}

TEST(PlanTest, TheSameFileGivesTheSamePlan) {
  EXPECT_EQ(FingerprintsByName(PlanOf(spec::SampleSweep())),
            FingerprintsByName(PlanOf(spec::SampleSweep())));
  EXPECT_EQ(PlanOf(spec::SampleSweep()).sweep.fingerprint,
            PlanOf(spec::SampleSweep()).sweep.fingerprint);
}

TEST(PlanTest, AGridOfAHundredRunsIsPlannedQuickly) {
  constexpr int kSeeds = kSanitized ? 10 : 34;
  const std::string text = spec::Replaced(
      spec::Replaced(spec::SampleSweep(), "seeds: 0..2", "seeds: 0.." + std::to_string(kSeeds - 1)),
      "samples: 4, alphas: 5}\n  - {name: barrier", "samples: 4, alphas: 5}\n  - {name: barrier");
  const TimePoint start = Clock::System().Read().mono;
  const Plan plan = PlanOf(text);
  EXPECT_EQ(CountOf(plan, JobKind::kPath), 3 * kSeeds * (3 * kSeeds - 1) / 2);
  EXPECT_LT((Clock::System().Read().mono - start).count(), 20'000);
}

}  // namespace
}  // namespace eida::plan
