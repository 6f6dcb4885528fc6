// What a runner says about its jobs: one JSON object a line (docs/formats.md section 2), as typed
// values.
#pragma once

#include <string>
#include <variant>

#include "common/base/ids.h"
#include "common/base/status.h"
#include "common/domain/messages.h"

namespace eida::exec {

struct FileMade {
  std::string name, kind, path, meta;
};  // `meta` is JSON text, "" = none
struct CheckpointFile {
  int64_t step = 0;
  std::string path, metrics;
};
struct Done {
  std::string summary;
};  // JSON object
struct Failed {
  ErrorClass error = ErrorClass::kInternal;
  std::string message;
};
struct Preempted {};

using EventBody =
    std::variant<Started, Progress, MetricPoint, CheckpointFile, FileMade, Done, Failed, Preempted>;

struct Event {
  JobId job;
  EventBody body;
};

// InvalidArgument says what is wrong with the line. Unknown fields are ignored, an unknown error
// class is `internal`, a metric whose value is null is NaN (JSON has no other way to say it).
Result<Event> ParseEvent(const std::string& line);

}  // namespace eida::exec
