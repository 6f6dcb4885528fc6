// Any message of ours -> the JSON that people and scripts read (INTERFACE section 1.2): the names
// are the proto's.
#pragma once

#include "common/base/json.h"
#include "google/protobuf/message.h"

namespace eida::wire {

// Every field is there, also when it is empty, so that a script can rely on it; a message that is
// not set is null.
//   `x_ms`      a time: "x", RFC 3339 in UTC, null for 0;  `wait_ms`, `lease_ttl_ms` are durations:
//   "wait_seconds" enums       the texts of common/domain/enums.def; "" when not set `spec`,
//   `resolved`, `settings`, `summary`, `metrics`, `meta`: JSON inside strings becomes JSON; null
//   when empty NaN and infinities become null.
Json ToJson(const google::protobuf::Message& message);

}  // namespace eida::wire
