#include "tests/unit/plan/sample_plan.h"

namespace eida::plan {
namespace {

TEST(PlanTest, AddingASeedLeavesEveryFinishedJobAsItWas) {
  const auto before = FingerprintsByName(PlanOf(spec::SampleSweep()));
  const auto after =
      FingerprintsByName(PlanOf(spec::Replaced(spec::SampleSweep(), "seeds: 0..2", "seeds: 0..3")));
  for (const auto& [name, fingerprint] : before) {
    if (name.rfind("matrix/", 0) == 0 || name.rfind("soup/", 0) == 0)
      continue;  // these cover the new runs too
    ASSERT_EQ(after.count(name), 1u) << name;
    EXPECT_EQ(after.at(name), fingerprint) << name;
  }
}

TEST(PlanTest, WhatChangesAResultChangesItsFingerprint) {
  const auto before = FingerprintsByName(PlanOf(spec::SampleSweep()));
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"lr: 1.0e-3", "lr: 2.0e-3"},
                                 {"max_length: 16", "max_length: 15"},
                                 {"items: 4, seed: 0", "items: 4, seed: 1"},
                                 {"epochs: 1", "epochs: 2"}}) {
    EXPECT_NE(FingerprintsByName(PlanOf(spec::Replaced(spec::SampleSweep(), from, to)))
                  .at("train/full/seed0"),
              before.at("train/full/seed0"))
        << to;
  }
}

TEST(PlanTest, WhatChangesNoResultChangesNoFingerprint) {
  const auto before = FingerprintsByName(PlanOf(spec::SampleSweep()));
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"name: sample", "name: other"},
                                 {"{name: cka,", "{name: similarity,"},
                                 {"eval: {", "checkpoint: {every: {steps: 1}}\neval: {"},
                                 {"samples: 4, alphas: 5}\n  - {name: barrier",
                                  "samples: 4, alphas: 7}\n  - {name: barrier"}}) {
    const auto after = FingerprintsByName(PlanOf(spec::Replaced(spec::SampleSweep(), from, to)));
    EXPECT_EQ(after.at("train/lora-r8/seed1"), before.at("train/lora-r8/seed1")) << to;
    EXPECT_EQ(after.at("evaluate/lora-r8/seed1/select"), before.at("evaluate/lora-r8/seed1/select"))
        << to;
  }
}

// What a job does not read is not in its spec: a test set that is added later costs its
// evaluations.
TEST(PlanTest, AJobSeesTheSplitsThatItReadsAndThoseThatShareTheirRows) {
  const std::string text = spec::SampleSweep(),
                    more = spec::Replaced(text, "    train: rows.tsv\n",
                                          "    test: more.tsv\n    part: {from: test, items: 3}\n"
                                          "    train: rows.tsv\n");
  const Plan plan = PlanOf(text),
             with_test =
                 PlanOf(spec::Replaced(more, "split: select}", "split: select, report: part}"));
  EXPECT_EQ(FingerprintsByName(PlanOf(more)), FingerprintsByName(plan));
  const auto old_jobs = FingerprintsByName(plan), jobs = FingerprintsByName(with_test);
  EXPECT_EQ(jobs.at("train/full/seed0"), old_jobs.at("train/full/seed0"));
  const auto evaluation =
      std::find_if(with_test.jobs.begin(), with_test.jobs.end(),
                   [](const JobRecord& j) { return j.spec.name == "evaluate/full/seed0/part"; });
  ASSERT_NE(evaluation, with_test.jobs.end());
  const Json data = (*ParseJson(evaluation->spec.spec, "spec"))["data"];
  ASSERT_EQ(data["splits"].size(), 2u) << data;
  EXPECT_EQ(data["splits"][0]["name"], "test");
  EXPECT_EQ(data["splits"][1]["from"], "test");
  for (const JobInput& input : evaluation->spec.inputs) EXPECT_NE(input.name, "data/train");
}

TEST(PlanTest, WhatMeasuresLossesSmoothsThemWhereTheSweepSaysSo) {
  const auto with = [](const std::string& eval) {
    return PlanOf(spec::Replaced(spec::SampleSweep(), "metric: accuracy, split: select", eval));
  };
  const Plan beside = with("metric: accuracy, split: select, label_smoothing: 0.1"),
             by = with("metric: loss_smoothed, split: select, label_smoothing: 0.1");
  for (const auto& [plan, compared] : {std::pair(&beside, false), std::pair(&by, true)}) {
    std::set<JobKind> smoothed;
    for (const JobRecord& job : plan->jobs) {
      const Json numerics = SpecOf(job).value("numerics", Json::object());
      if (!numerics.contains("label_smoothing")) continue;
      smoothed.insert(job.spec.kind);
      EXPECT_EQ(numerics["label_smoothing"], 0.1) << job.spec.name;
      EXPECT_EQ(numerics.contains("loss"), compared) << job.spec.name;
    }
    EXPECT_EQ(smoothed, (std::set<JobKind>{JobKind::kEvaluate, JobKind::kPath, JobKind::kSoup}));
  }
  const auto plain = FingerprintsByName(PlanOf(spec::SampleSweep()));
  for (const auto& [name, fingerprint] : FingerprintsByName(beside)) {
    const bool same = name.rfind("train/", 0) == 0 || name.rfind("gram/", 0) == 0;
    if (same) {
      EXPECT_EQ(plain.at(name), fingerprint) << name;
    }
  }
}

}  // namespace
}  // namespace eida::plan
