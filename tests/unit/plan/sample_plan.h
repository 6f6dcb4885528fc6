// The sample sweep of tests/unit/spec over a model without meaning, planned; and what is asked of a
// plan.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>

#include "common/base/digest.h"
#include "common/base/json.h"
#include "common/plan/plan.h"
#include "common/spec/parse.h"
#include "gtest/gtest.h"
#include "tests/unit/inputs/model_dir.h"
#include "tests/unit/spec/sample.h"

namespace eida::plan {

inline inputs::ModelFacts Facts() {
  const std::string bytes = inputs::SafetensorsBytes(inputs::TinyBertShapes(2));
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  return *inputs::MakeModelFacts(inputs::TinyConfig(2),
                                 {{"model.safetensors", bytes.substr(8, length)}});
}

inline Plan PlanOf(const std::string& text) {
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

inline std::map<std::string, std::string> FingerprintsByName(const Plan& plan) {
  std::map<std::string, std::string> out;
  for (const JobRecord& job : plan.jobs) out[job.spec.name] = job.spec.fingerprint.str();
  return out;
}

inline Json SpecOf(const JobRecord& job) { return ParseJson(job.spec.spec, job.spec.name).value(); }

inline int64_t CountOf(const Plan& plan, JobKind kind) {
  return std::count_if(plan.jobs.begin(), plan.jobs.end(),
                       [kind](const JobRecord& job) { return job.spec.kind == kind; });
}

// Roles of the soup's inputs that begin with `prefix`.
inline std::set<std::string> RolesOf(const Plan& plan, const std::string& soup,
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

}  // namespace eida::plan
