#include "tests/unit/plan/sample_plan.h"

namespace eida::plan {
namespace {

// Bundle keys of the training jobs, in order.
std::vector<std::string> PackKeys(const Plan& plan) {
  std::vector<std::string> keys;
  for (const JobRecord& job : plan.jobs) {
    if (job.spec.kind == JobKind::kTrain) keys.push_back(job.spec.bundle_key);
  }
  return keys;
}

TEST(PlanTest, LoraRunsArePackedOnlyWhenTheSweepAsksForIt) {
  const std::string sweep = spec::SampleSweep();
  for (const std::string& key : PackKeys(PlanOf(sweep))) EXPECT_EQ(key, "");
  const Plan packed = PlanOf(sweep + "resources: {pack: 4}\n");
  std::map<std::string, int> sizes;
  for (const JobRecord& job : packed.jobs) {
    if (job.spec.kind != JobKind::kTrain) continue;
    const bool lora = ParseJson(job.spec.spec, "")->at("adapter").at("type") == "lora";
    EXPECT_EQ(job.spec.bundle_key.empty(), !lora) << job.spec.name;
    if (lora) ++sizes[job.spec.bundle_key];
  }
  int most = 0, all = 0;
  for (const auto& [key, n] : sizes) most = std::max(most, n), all += n;
  EXPECT_EQ(most, 4);
  EXPECT_EQ(static_cast<int>(sizes.size()), (all + 3) / 4);
  EXPECT_EQ(FingerprintsByName(packed), FingerprintsByName(PlanOf(sweep)));
}

TEST(PlanTest, OnlyTrainingJobsTakeSeveralSlotsAndTheirFingerprintsStay) {
  const std::string sweep = spec::SampleSweep();
  const Plan gangs = PlanOf(sweep + "resources: {slots_per_job: 3}\n");
  for (const JobRecord& job : gangs.jobs) {
    EXPECT_EQ(job.spec.slots, job.spec.kind == JobKind::kTrain ? 3 : 1) << job.spec.name;
    EXPECT_EQ(job.spec.kind == JobKind::kTrain && !job.spec.bundle_key.empty(), false);
  }
  EXPECT_EQ(FingerprintsByName(gangs), FingerprintsByName(PlanOf(sweep)));
}

TEST(PlanTest, RunsOfOtherNumericsAreOtherPacks) {
  const auto keys = [](const std::string& precision) {
    std::set<std::string> distinct;
    for (const std::string& key :
         PackKeys(PlanOf(spec::Replaced(spec::SampleSweep(), "lr: 1.0e-3",
                                        "lr: 1.0e-3, precision: " + precision) +
                         "resources: {pack: 64}\n"))) {
      if (!key.empty()) distinct.insert(key);
    }
    return distinct;
  };
  EXPECT_EQ(keys("fp32").size(), 1u);
  EXPECT_NE(keys("fp32"), keys("bf16"));
  EXPECT_TRUE(keys("fp16").empty());
}

}  // namespace
}  // namespace eida::plan
