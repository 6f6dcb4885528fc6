#include "worker/exec/event.h"

#include <limits>

#include "common/base/json.h"
#include "common/base/text.h"

namespace eida::exec {
namespace {

std::string TextOf(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it == object.end() || it->is_null() ? "" : Canonical(*it);
}

Result<EventBody> ParseMetric(const Json& json) {
  MetricPoint point;
  EIDA_ASSIGN_OR_RETURN(point.series, Require<std::string>(json, "series", "metric event"));
  EIDA_ASSIGN_OR_RETURN(point.step, Require<int64_t>(json, "step", "metric event"));
  point.value = GetOr(json, "value", std::numeric_limits<double>::quiet_NaN());
  return EventBody(point);
}

Result<EventBody> ParseCheckpoint(const Json& json) {
  CheckpointFile checkpoint;
  EIDA_ASSIGN_OR_RETURN(checkpoint.step, Require<int64_t>(json, "step", "checkpoint event"));
  EIDA_ASSIGN_OR_RETURN(checkpoint.path, Require<std::string>(json, "path", "checkpoint event"));
  checkpoint.metrics = TextOf(json, "metrics");
  return EventBody(checkpoint);
}

Result<EventBody> ParseFile(const Json& json) {
  FileMade file;
  EIDA_ASSIGN_OR_RETURN(file.name, Require<std::string>(json, "name", "artifact event"));
  EIDA_ASSIGN_OR_RETURN(file.kind, Require<std::string>(json, "kind", "artifact event"));
  EIDA_ASSIGN_OR_RETURN(file.path, Require<std::string>(json, "path", "artifact event"));
  file.meta = TextOf(json, "meta");
  return EventBody(file);
}

EventBody ParseFailure(const Json& json) {
  Failed failed;
  const std::string text = GetOr<std::string>(json, "class", "internal");
  const auto error = ParseEnum<ErrorClass>(text);
  // Only what a runner can know; the rest (crashed, preempted, ...) is for the agent to say.
  if (error.ok() && *error >= ErrorClass::kOom && *error <= ErrorClass::kInternal)
    failed.error = *error;
  failed.message = GetOr<std::string>(json, "message", "the runner gave no message");
  return failed;
}

Result<EventBody> ParseBody(const std::string& type, const Json& json) {
  if (type == "started") return EventBody(Started{});
  if (type == "progress") {
    return EventBody(Progress{GetOr<int64_t>(json, "done", 0), GetOr<int64_t>(json, "total", 0),
                              GetOr<std::string>(json, "unit", "")});
  }
  if (type == "metric") return ParseMetric(json);
  if (type == "checkpoint") return ParseCheckpoint(json);
  if (type == "artifact") return ParseFile(json);
  if (type == "done") return EventBody(Done{TextOf(json, "summary")});
  if (type == "error") return ParseFailure(json);
  if (type == "preempted") return EventBody(Preempted{});
  return InvalidArgument("unknown event \"" + Ellipsis(type, 40) + "\"");
}

}  // namespace

Result<Event> ParseEvent(const std::string& line) {
  EIDA_ASSIGN_OR_RETURN(const Json json, ParseJson(line, "runner event"));
  if (!json.is_object()) return InvalidArgument("runner event: not a JSON object");
  EIDA_ASSIGN_OR_RETURN(const std::string type,
                        Require<std::string>(json, "event", "runner event"));
  EIDA_ASSIGN_OR_RETURN(const int64_t job, Require<int64_t>(json, "job", type + " event"));
  EIDA_ASSIGN_OR_RETURN(EventBody body, ParseBody(type, json));
  return Event{JobId(job), std::move(body)};
}

}  // namespace eida::exec
