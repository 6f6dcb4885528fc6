#include "worker/engine/job.h"

namespace eida::engine {

// The code is the class: docs/formats.md section 2 names the classes, the runner maps them back
// with ErrorClassOf.
Status DataError(const std::string& message) { return {absl::StatusCode::kOutOfRange, message}; }
Status ConfigError(const std::string& message) { return InvalidArgument(message); }
Status NonfiniteError(const std::string& message) { return {absl::StatusCode::kAborted, message}; }
Status OomError(const std::string& message) {
  return {absl::StatusCode::kResourceExhausted, message};
}
Status IoError(const std::string& message) { return Unavailable(message); }
Status Preempted() {
  return {absl::StatusCode::kCancelled, "asked to stop (SIGTERM); the job can be run again"};
}
Status PeerLost(const std::string& message) {
  return {absl::StatusCode::kDeadlineExceeded, message};
}

std::string ErrorClassOf(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOutOfRange:
      return "data";
    case absl::StatusCode::kInvalidArgument:
      return "config";
    case absl::StatusCode::kAborted:
      return "nonfinite";
    case absl::StatusCode::kResourceExhausted:
      return "oom";
    case absl::StatusCode::kCancelled:
      return "preempted";
    case absl::StatusCode::kDeadlineExceeded:
      return "peer_lost";
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kPermissionDenied:
      return "io";
    default:
      return "internal";
  }
}

Result<std::string> Input(const Job& job, const std::string& role) {
  const auto found = job.inputs.find(role);
  if (found != job.inputs.end()) return found->second;
  std::string have;
  for (const auto& [name, path] : job.inputs) have += (have.empty() ? "" : ", ") + name;
  return ConfigError("job " + job.name + " (" + job.kind + ") was not given the input \"" + role +
                     "\" (it has: " + (have.empty() ? "none" : have) +
                     "); name its file under \"inputs\" of job.json");
}

}  // namespace eida::engine
