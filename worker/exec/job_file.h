// job.json (docs/formats.md section 1): what the agent tells a runner to do.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/status.h"
#include "common/domain/enums.h"

namespace eida::exec {

struct RunnerJob {
  JobId job;
  Attempt attempt = 0;
  JobKind kind = JobKind::kTrain;
  std::string name;
  std::string spec;                            // canonical JSON
  std::map<std::string, std::string> inputs;   // role -> file
  std::string resume;                          // checkpoint file, "" = none
  std::string out;                             // directory, exists
  std::map<std::string, std::string> missing;  // role -> why there is no such file
};

struct JobFile {
  std::string device;  // as the runner sees it: "cpu" or "cuda:0"
  int threads = 1;
  std::vector<RunnerJob> jobs;  // run in this order
  // Of a gang, which does one job on several slots: the file of each rank is its own.
  int rank = 0, ranks = 1;
  std::string store;  // file by which the ranks find one another
  // Folder where runners keep token ids for one another, of at most so many bytes (0 = no limit);
  // "" = none.
  std::string tokens_dir;
  int64_t tokens_limit = 0;
};

// The text of job.json. InvalidArgument, naming the job, when a spec is no JSON object.
Result<std::string> FormatJobFile(const JobFile& file);

}  // namespace eida::exec
