#include "tests/unit/plan/sample_plan.h"

namespace eida::plan {
namespace {

TEST(PlanTest, ASoupReadsThePathsThatTheSweepMeasuresAnywayAndStaysTheSameJob) {
  const std::string plain = spec::SampleSweep(),  // its paths are over some of the items
      whole = spec::Replaced(plain, "convexity_gap, samples: 4, alphas: 5",
                             "convexity_gap, pairs: same_variant, alphas: 11");
  EXPECT_TRUE(RolesOf(PlanOf(plain), "soup/greedy", "path/").empty());
  const Plan plan = PlanOf(whole);
  // Six LoRA runs of two ranks: three pairs each; members are numbered as the soup has them.
  EXPECT_EQ(RolesOf(plan, "soup/greedy", "path/"),
            (std::set<std::string>{"path/0/1", "path/0/2", "path/1/2", "path/3/4", "path/3/5",
                                   "path/4/5"}));
  EXPECT_EQ(FingerprintsByName(plan).at("soup/greedy"),
            FingerprintsByName(PlanOf(plain)).at("soup/greedy"));
  for (const JobRecord& job : plan.jobs) {
    for (const ParentEdge& edge : job.spec.parents) {
      // They, and nothing else of the plan, may fail without the soup.
      EXPECT_EQ(edge.shortcut, edge.role.rfind("path/", 0) == 0) << job.spec.name << edge.role;
      if (edge.role != "path/3/5") continue;
      EXPECT_EQ(plan.jobs[edge.parent.value() - 1].spec.name, "path/lora-r8/seed0~lora-r8/seed2");
    }
  }
  // No path beside those of the analysis: 9 full and LoRA pairs of equal variants, 36 of the other.
  EXPECT_EQ(CountOf(plan, JobKind::kPath), 9 + 36);
  // Grids without the points, other numerics and metrics that no curve holds are of no use.
  const auto paths = [&](const std::string& from, const std::string& to) {
    return RolesOf(PlanOf(spec::Replaced(whole, from, to)), "soup/greedy", "path/").size();
  };
  EXPECT_EQ(paths("alphas: 11", "alphas: 10"), 0u);
  EXPECT_EQ(paths("alphas: 11", "alphas: 6"), 6u);
  EXPECT_EQ(paths("alphas: 11", "alphas: 11, precision: bf16"), 0u);
  EXPECT_EQ(paths("type: greedy", "type: greedy, precision: bf16"), 0u);
  EXPECT_EQ(paths("type: greedy", "type: greedy, metric: accuracy"), 6u);
  EXPECT_EQ(paths("type: greedy", "type: greedy, metric: f1"), 0u);
  EXPECT_EQ(paths("type: greedy", "type: running_mean"), 6u);
  EXPECT_EQ(paths("type: greedy", "type: uniform"), 0u);
  EXPECT_EQ(paths("type: greedy", "type: greedy, split_half: 0"), 0u);  // curves are of the whole
  EXPECT_EQ(paths("type: greedy", "type: peft_cat"), 0u);
}

TEST(PlanTest, ASoupOfARankThatAMapCannotHaveIsRefused) {
  const auto plan = [](const std::string& rank) {
    const std::string text =
        spec::Replaced(spec::SampleSweep(), "type: greedy", "type: peft_svd, rank: " + rank);
    PlanInputs inputs;
    inputs.files["model"] = {{"config.json", DigestOf("c")}, {"model.safetensors", DigestOf("m")}};
    inputs.files["rows.tsv"] = {{"", DigestOf("rows")}};
    inputs.model = Facts();
    return MakePlan(*spec::ParseSweep(text, "sweep.yaml", {}).spec, text, inputs).status();
  };
  const catalog::SiteShape site = catalog::TargetSites(Facts().sites, {"query"})->front();
  EXPECT_TRUE(plan(std::to_string(site.in)).ok());
  const std::string refused(Message(plan(std::to_string(site.in + 1))));
  EXPECT_NE(refused.find("soup \"greedy\": rank is"), std::string::npos) << refused;
  EXPECT_NE(refused.find(site.name + " of lora-r1/seed0 maps"), std::string::npos) << refused;
}

TEST(PlanTest, ASoupsOptionsAreItsOwn) {
  const auto of = [](const std::string& options) {
    return FingerprintsByName(PlanOf(spec::Replaced(spec::SampleSweep(), "type: greedy", options)))
        .at("soup/greedy");
  };
  EXPECT_EQ(of("type: greedy"), of("type: greedy, metric: loss, order_by: loss, min_gain: 0"));
  const std::set<std::string> all = {of("type: greedy"),
                                     of("type: running_mean"),
                                     of("type: greedy, metric: f1"),
                                     of("type: greedy, order_by: accuracy"),
                                     of("type: peft_svd"),
                                     of("type: peft_svd, rank: 2"),
                                     of("type: greedy, split_half: 0"),
                                     of("type: greedy, split_half: 1")};
  EXPECT_EQ(all.size(), 8u);
}

}  // namespace
}  // namespace eida::plan
