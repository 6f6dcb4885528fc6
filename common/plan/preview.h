// What a plan will do, before it is submitted.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/plan/parameters.h"
#include "common/plan/plan.h"

namespace eida::plan {

struct VariantPreview {
  std::string name;
  int64_t runs = 0;
  ParameterCount parameters;
};

struct Preview {
  std::vector<VariantPreview> variants;         // grid order
  std::map<std::string, int64_t> jobs_by_kind;  // kind text -> count
  int64_t runs = 0;
  int64_t disk_bytes = 0;  // weights, newest checkpoints of running jobs not counted
};

Result<Preview> MakePreview(const Plan& plan, const spec::SweepSpec& spec,
                            const PlanInputs& inputs);

}  // namespace eida::plan
