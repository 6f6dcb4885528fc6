// job.json (docs/formats.md section 1) as the runner reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "worker/engine/collective/gang.h"
#include "worker/engine/job.h"

namespace eida::runner {

struct NumberedJob {
  int64_t number = 0;  // the job's id; every event carries it
  engine::Job job;
};

struct JobFile {
  std::string device = "cpu";
  int threads = 1;
  std::optional<engine::GangPlace> gang;  // this process is one of several that do the one job
  engine::TokenFolder tokens;             // of every job
  std::vector<NumberedJob> jobs;
};

// InvalidArgument names the file and the field that is wrong. `out` ("" = as the file says)
// replaces the jobs' own output directories: of a single job it is the directory, of several the
// parent of one directory a job.
Result<JobFile> ParseJobFile(const std::string& text, const std::string& file,
                             const std::string& out);

}  // namespace eida::runner
