// Writing a job's files, and how long it took.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/status.h"
#include "worker/engine/job.h"

namespace eida::analysis {

// Writes `value` to <out>/<file>, synced, and lists it in `result`. An I/O error when the disk does
// not take it.
Status AddJson(const engine::Job& job, const std::string& name, const std::string& kind,
               const std::string& file, const Json& value, engine::JobResult& result);
// Lists a file that is already written to <out>/<file>.
void AddFile(const engine::Job& job, const std::string& name, const std::string& kind,
             const std::string& file, Json meta, engine::JobResult& result);

// Seconds since it was made, for summaries only.
class Stopwatch {
 public:
  Stopwatch() : start_(Clock::System().Read().mono) {}
  double Seconds() const {
    return static_cast<double>((Clock::System().Read().mono - start_).count()) / 1000;
  }

 private:
  TimePoint start_;
};

// A required member of a job's spec; ConfigError naming the job and the key.
template <class T>
Result<T> SpecField(const engine::Job& job, const char* key) {
  auto value = Require<T>(job.spec, key, "job " + job.name + ": spec");
  if (!value.ok()) return engine::ConfigError(Message(value.status()));
  return value;
}

}  // namespace eida::analysis
