// What a job function of the engine or of the analyses is given and gives back. docs/formats.md
// section 3 has the contents.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"

namespace eida::engine {

class Gang;

// Where a running job speaks to: the runner writes event lines, tests record.
class Events {
 public:
  virtual ~Events() = default;
  virtual void Progress(int64_t done, int64_t total, const std::string& unit) = 0;
  virtual void Metric(const std::string& series, int64_t step, double value) = 0;
  // `path` is complete and synced to disk.
  virtual void Checkpoint(int64_t step, const std::string& path, const Json& metrics) = 0;
  // SIGTERM came: write a checkpoint if you can and return Preempted().
  virtual bool StopRequested() = 0;
};

// Where encoded splits are kept from one process to the next (tasks/token_cache.h).
struct TokenFolder {
  std::string dir;    // "" = nowhere; made when there is something to keep
  int64_t limit = 0;  // bytes of files there, 0 = no limit
};

struct Job {
  std::string kind;
  std::string name;
  Json spec;
  std::map<std::string, std::string> inputs;  // role -> file
  // role -> why there is no such input; only of kinds that make do without (matrix)
  std::map<std::string, std::string> missing;
  std::optional<std::string> resume;  // checkpoint file
  std::string out;                    // existing directory for this job's files
  std::string device = "cpu";
  TokenFolder tokens;
  std::shared_ptr<Gang> gang;  // of the processes that do this job together; null = alone
};

struct OutputFile {
  std::string name, kind, path;
  Json meta = Json::object();
};

struct JobResult {
  Json summary = Json::object();
  std::vector<OutputFile> artifacts;
};

// An error of a job carries its class as the status code; the runner turns it into the `error`
// event.
Status DataError(const std::string& message);    // the data: ragged row, unknown label, empty split
Status ConfigError(const std::string& message);  // settings or model files that do not fit together
Status NonfiniteError(const std::string& message);  // loss or gradient is NaN or infinite
Status OomError(const std::string& message);
Status IoError(const std::string& message);
Status Preempted();
// Another process of the gang is gone: what went wrong is for it to say.
Status PeerLost(const std::string& message);
// oom, nonfinite, data, config, io, internal, preempted, peer_lost
std::string ErrorClassOf(const Status& status);

// The file of a role; ConfigError naming the role when the job was not given it.
Result<std::string> Input(const Job& job, const std::string& role);

}  // namespace eida::engine
