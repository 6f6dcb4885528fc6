#include "tests/unit/plan/sample_plan.h"

namespace eida::plan {
namespace {

TEST(PlanTest, TheBaseIsObservedAndRunsWhereTheyAreSelected) {
  const std::string text = spec::SampleSweep() +
                           "observations:\n  - {name: base, dims: [2], targets: [query]}\n"
                           "  - {name: trained, dims: [2], select: \"variant=full\"}\n";
  const Plan plan = PlanOf(text);
  std::vector<std::string> names;
  for (const JobRecord& job : plan.jobs) {
    if (job.spec.kind != JobKind::kObserve) continue;
    names.push_back(job.spec.name);
    EXPECT_EQ(job.spec.parents.size(), job.spec.name == "observe/base" ? 0u : 1u);
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"observe/base", "observe/trained/full/seed0",
                                      "observe/trained/full/seed1", "observe/trained/full/seed2"}));
}

}  // namespace
}  // namespace eida::plan
