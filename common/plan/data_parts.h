// What of a sweep's data a job sees: the files of the splits that it reads, and all splits that
// share rows with them. Any other split is no part of its spec, so adding a test set leaves
// finished trainings as they were.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"
#include "common/domain/records.h"
#include "common/plan/plan.h"
#include "common/spec/sweep_spec.h"

namespace eida::plan {

struct DataPart {
  Json data;                     // a job's spec["data"], docs/formats.md section 3
  std::vector<JobInput> inputs;  // data/<split>, in file order
};

class DataParts {
 public:
  // InvalidArgument naming a split's file that `inputs` lacks.
  static Result<DataParts> Of(const spec::DataSpec& data, const PlanInputs& inputs);

  // The part of a job that reads these splits, "" ones aside.
  DataPart For(const std::set<std::string>& splits) const;

 private:
  struct Split {
    std::string name, file;  // the split whose file its rows are of
    Json rule;
    std::optional<JobInput> input;  // of splits that are files
  };
  Json settings_;  // all but splits and limits
  std::map<std::string, int64_t> limit_;
  std::vector<Split> splits_;  // in file order
};

}  // namespace eida::plan
