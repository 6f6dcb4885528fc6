// What `eidactl wait` can wait for.
#pragma once

#include <string>

#include "client/follow.h"
#include "client/scope.h"

namespace eida::client {

// done: it ended in whatever way. succeeded. running: something of it runs, or did.
// metric:accuracy>0.9: a run of it measured that once.
struct Condition {
  enum class What { kDone, kSucceeded, kRunning, kMetric };
  What what = What::kDone;
  std::string metric, op;  // op: > >= < <=
  double bound = 0;
  std::string text;  // as it was typed
};
// InvalidArgument names the choices.
Result<Condition> ParseCondition(const std::string& text);

// Whether the condition holds for the target now, or never will. `succeeded` is never met once a
// job has failed, the rest once the target has ended without it.
Result<Verdict> Judge(Api& api, const Target& target, const Condition& condition,
                      const v1::SweepProgress& progress);

}  // namespace eida::client
