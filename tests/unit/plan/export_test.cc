#include "tests/unit/plan/sample_plan.h"

namespace eida::plan {
namespace {

TEST(ExportTest, MakesAJobForRunsAndSoupsAndNamesWhatIsMissing) {
  const Plan plan = PlanOf(spec::SampleSweep());
  const Result<JobRecord> peft = MakeExportJob(plan.jobs, plan.runs, "run:lora-r8/seed1", "peft");
  ASSERT_TRUE(peft.ok()) << peft.status();
  EXPECT_EQ(peft->spec.parents[0].artifact, "weights");
  EXPECT_TRUE(MakeExportJob(plan.jobs, plan.runs, "soup:greedy", "hf").ok());
  EXPECT_EQ(MakeExportJob(plan.jobs, plan.runs, "run:nobody/seed0", "hf").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(MakeExportJob(plan.jobs, plan.runs, "run:full/seed0", "peft").ok());
  EXPECT_FALSE(MakeExportJob(plan.jobs, plan.runs, "full/seed0", "hf").ok());
}

}  // namespace
}  // namespace eida::plan
