#include "common/plan/plan.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "common/base/digest.h"
#include "common/base/json.h"
#include "common/plan/parameters.h"
#include "common/spec/parse.h"
#include "gtest/gtest.h"
#include "tests/sanitizers/sanitized.h"
#include "tests/unit/inputs/model_dir.h"
#include "tests/unit/spec/sample.h"

namespace eida::plan {
namespace {

inputs::ModelFacts Facts() {
  const std::string bytes = inputs::SafetensorsBytes(inputs::TinyBertShapes(2));
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  return *inputs::MakeModelFacts(inputs::TinyConfig(2),
                                 {{"model.safetensors", bytes.substr(8, length)}});
}

Plan PlanOf(const std::string& text) {
  const spec::ParseResult parsed = spec::ParseSweep(text, "sweep.yaml", {});
  EXPECT_TRUE(parsed.spec.has_value()) << spec::Render(parsed.diagnostics, "sweep.yaml", false);
  PlanInputs inputs;
  inputs.files["model"] = {{"config.json", DigestOf("c")},
                           {"tokenizer.json", DigestOf("t")},
                           {"model.safetensors", DigestOf("m")}};
  inputs.files["rows.tsv"] = {{"", DigestOf("rows")}};
  inputs.files["more.tsv"] = {{"", DigestOf("more")}};
  inputs.model = Facts();
  Result<Plan> plan = MakePlan(*parsed.spec, text, inputs);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return std::move(*plan);
}

std::map<std::string, std::string> FingerprintsByName(const Plan& plan) {
  std::map<std::string, std::string> out;
  for (const JobRecord& job : plan.jobs) out[job.spec.name] = job.spec.fingerprint.str();
  return out;
}

Json SpecOf(const JobRecord& job) { return ParseJson(job.spec.spec, job.spec.name).value(); }

int64_t CountOf(const Plan& plan, JobKind kind) {
  return std::count_if(plan.jobs.begin(), plan.jobs.end(),
                       [kind](const JobRecord& job) { return job.spec.kind == kind; });
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

TEST(PlanTest, AMatrixMakesDoWithAPairAndNothingElseMakesDo) {
  for (const JobRecord& job : PlanOf(spec::SampleSweep()).jobs) {
    const bool of_paths = job.spec.name == "matrix/gap" || job.spec.name == "matrix/barrier";
    EXPECT_EQ(job.spec.quorum, of_paths                        ? 1
                               : job.spec.name == "matrix/cka" ? 2
                                                               : 0)
        << job.spec.name;
  }
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

TEST(PlanTest, HasTheJobsOfTheStudy) {
  const Plan plan = PlanOf(spec::SampleSweep());
  EXPECT_EQ(plan.runs.size(), 9u);
  EXPECT_EQ(CountOf(plan, JobKind::kTrain), 9);
  EXPECT_EQ(CountOf(plan, JobKind::kGram), 9);
  EXPECT_EQ(CountOf(plan, JobKind::kPath), 36);  // shared by gap and barrier
  EXPECT_EQ(CountOf(plan, JobKind::kMatrix), 3);
  EXPECT_EQ(CountOf(plan, JobKind::kSoup), 1);
}

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
  // What is generated changes no other job.
  const auto before = FingerprintsByName(PlanOf(plain)), after = FingerprintsByName(plan);
  for (const auto& [name, fingerprint] : before) EXPECT_EQ(after.at(name), fingerprint) << name;
}

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

TEST(PlanTest, TheSameFileGivesTheSamePlan) {
  EXPECT_EQ(FingerprintsByName(PlanOf(spec::SampleSweep())),
            FingerprintsByName(PlanOf(spec::SampleSweep())));
  EXPECT_EQ(PlanOf(spec::SampleSweep()).sweep.fingerprint,
            PlanOf(spec::SampleSweep()).sweep.fingerprint);
}

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

// Roles of the soup's inputs that begin with `prefix`.
std::set<std::string> RolesOf(const Plan& plan, const std::string& soup,
                              const std::string& prefix) {
  std::set<std::string> roles;
  for (const JobRecord& job : plan.jobs) {
    if (job.spec.name != soup) continue;
    for (const ParentEdge& edge : job.spec.parents) {
      if (edge.role.rfind(prefix, 0) == 0) roles.insert(edge.role);
    }
  }
  return roles;
}

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

TEST(PlanTest, PairsAreSelected) {
  const std::string text = spec::Replaced(spec::SampleSweep(), "{name: gap, type: convexity_gap,",
                                          "{name: gap, type: convexity_gap, pairs: same_variant,");
  EXPECT_EQ(CountOf(PlanOf(spec::Replaced(
                        text, "  - {name: barrier, type: barrier, samples: 4, alphas: 5}\n", "")),
                    JobKind::kPath),
            9);
}

TEST(PlanTest, AnAdapterTargetThatTheModelLacksIsAnError) {
  EXPECT_NE(
      Message(
          CountParameters(Facts(), {{"type", "lora"}, {"r", 1}, {"targets", {"qery"}}}, 2).status())
          .find("did you mean \"query\"?"),
      std::string::npos);
}

// The sample's full variant, started from a PEFT adapter in its place.
Result<Plan> PlanStarted(const std::map<std::string, std::string>& files, const std::string& keys) {
  const std::string text = spec::Replaced(spec::SampleSweep(), "adapter: {type: none}",
                                          "adapter: {type: lora, init: peft}" + keys);
  const spec::ParseResult parsed = spec::ParseSweep(text, "sweep.yaml", {});
  EXPECT_TRUE(parsed.spec.has_value()) << spec::Render(parsed.diagnostics, "sweep.yaml", false);
  PlanInputs inputs;
  for (const auto& [name, content] : inputs::TinyModel())
    inputs.files["model"][name] = DigestOf(content);
  inputs.files["rows.tsv"] = {{"", DigestOf("rows")}};
  inputs.files["more.tsv"] = {{"", DigestOf("more")}};
  for (const auto& [name, content] : files) inputs.files["peft"][name] = DigestOf(content);
  const std::string& weights = files.at("adapter_model.safetensors");
  uint64_t length = 0;
  std::memcpy(&length, weights.data(), 8);
  inputs.adapters["peft"] =
      *inputs::MakeAdapterFacts("peft", files.at("adapter_config.json"), weights.substr(8, length));
  inputs.model = Facts();
  return MakePlan(*parsed.spec, text, inputs);
}

TEST(PlanTest, ARunThatStartsFromAnAdapterHasItsSettings) {
  const auto files = inputs::TinyPeftAdapter();
  const Result<Plan> plan = PlanStarted(files, "");
  ASSERT_TRUE(plan.ok()) << plan.status();
  const JobSpec& train = plan->jobs.front().spec;
  ASSERT_EQ(train.name, "train/full/seed0");
  const Json adapter = ParseJson(train.spec, "spec")->at("adapter");
  EXPECT_EQ(adapter["r"], 2);
  EXPECT_EQ(adapter["alpha"], 6.0);
  EXPECT_EQ(adapter["dropout"], 0.25);
  EXPECT_EQ(adapter["targets"].size(), 2u);
  EXPECT_FALSE(adapter.contains("train_head")) << "a head that it lacks is new";
  EXPECT_TRUE(IsDigest(adapter["init"].get<std::string>()));
  EXPECT_EQ(plan->runs.front().trainable_parameters, 2 * 2 * (8 + 8) + 2 * 8 + 2);
  size_t given = 0;
  for (const JobInput& input : train.inputs) {
    if (input.name.rfind("init/", 0) != 0) continue;
    EXPECT_EQ(input.digest, DigestOf(files.at(input.name.substr(5))));
    ++given;
  }
  EXPECT_EQ(given, 2u);
  // Other files make another run, and only that.
  auto changed = files;
  changed["adapter_model.safetensors"].back() = 'x';
  const Result<Plan> other = PlanStarted(changed, "");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE(FingerprintsByName(*other).at("train/full/seed0"),
            FingerprintsByName(*plan).at("train/full/seed0"));
  EXPECT_EQ(FingerprintsByName(*other).at("train/lora-r8/seed1"),
            FingerprintsByName(*plan).at("train/lora-r8/seed1"));
}

TEST(PlanTest, AnAdapterThatDoesNotFitIsNamedByVariantAndFile) {
  auto files = inputs::TinyPeftAdapter();
  files["adapter_config.json"] = R"({"peft_type": "LORA", "r": 2, "target_modules": ["c_attn"]})";
  const std::string error(Message(PlanStarted(files, "").status()));
  EXPECT_NE(error.find("variant \"full\": peft/adapter_config.json: target_modules"),
            std::string::npos)
      << error;
}

TEST(PlanTest, AnAdapterOfOtherShapesIsNamedByItsTensor) {
  auto files = inputs::TinyPeftAdapter(3);
  files["adapter_config.json"] = inputs::TinyPeftAdapter(2).at("adapter_config.json");
  const std::string error(Message(PlanStarted(files, "").status()));
  EXPECT_NE(error.find("query.lora_A.weight is 3 x 8, adapter_config.json and the base model ask "
                       "for 2 x 8"),
            std::string::npos)
      << error;
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

// Thesis tables 4 and 5: the eleven "param ratio" cells, from the configuration alone (heads are
// not in the numerator).
TEST(ParametersTest, RatiosOfTheThesisTables) {
  inputs::ModelFacts bert;
  bert.parameters = 109'482'240;
  bert.hidden_size = 768;
  inputs::ModelFacts mbart;
  mbart.parameters = 610'851'840;
  mbart.hidden_size = 1024;
  const auto add = [](inputs::ModelFacts& facts, const char* id, const std::string& module) {
    for (auto& site : catalog::SitesOf(*catalog::Find(catalog::Models(), id), module,
                                       facts.hidden_size, facts.hidden_size))
      facts.sites.push_back(std::move(site));
  };
  for (int i = 0; i < 12; ++i) {
    const std::string layer = std::to_string(i);
    for (const char* part : {"query", "key", "value"})
      add(bert, "bert", "bert.encoder.layer." + layer + ".attention.self." + part);
    for (const char* part : {"q_proj", "k_proj", "v_proj"}) {
      add(mbart, "mbart", "model.encoder.layers." + layer + ".self_attn." + part);
      add(mbart, "mbart", "model.decoder.layers." + layer + ".self_attn." + part);
      add(mbart, "mbart", "model.decoder.layers." + layer + ".encoder_attn." + part);
    }
  }
  const auto count = [&](const inputs::ModelFacts& model, int r) {
    const Json targets = &model == &bert ? Json{"query", "value"} : Json{"q_proj", "v_proj"};
    return *CountParameters(model, {{"type", "lora"}, {"r", r}, {"targets", targets}}, 2);
  };
  const auto ratio = [&](const inputs::ModelFacts& model, int r) {
    return 100 * count(model, r).ratio();
  };
  EXPECT_EQ(count(bert, 1).adapter, 36'864);
  EXPECT_EQ(count(mbart, 1).adapter, 147'456);
  EXPECT_NEAR(ratio(bert, 1), 0.034, 5e-4);
  EXPECT_NEAR(ratio(bert, 2), 0.067, 5e-4);
  EXPECT_NEAR(ratio(bert, 4), 0.135, 5e-4);
  EXPECT_NEAR(ratio(bert, 8), 0.269, 5e-4);
  EXPECT_NEAR(ratio(bert, 16), 0.539, 5e-4);
  EXPECT_NEAR(ratio(bert, 32), 1.077, 5e-4);
  EXPECT_NEAR(ratio(mbart, 1), 0.024, 5e-4);
  EXPECT_NEAR(ratio(mbart, 4), 0.097, 5e-4);
  EXPECT_NEAR(ratio(mbart, 16), 0.386, 5e-4);
  EXPECT_NEAR(ratio(mbart, 64), 1.545, 5e-4);
  EXPECT_NEAR(ratio(mbart, 256), 6.180, 5e-4);
}

}  // namespace
}  // namespace eida::plan
