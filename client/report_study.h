// A sweep as the report's room sees it: values, gathered from summaries and artifacts.
#pragma once

#include "client/report/study.h"
#include "client/select.h"
#include "common/base/clock.h"

namespace eida::client {

// `data` with specs. FailedPrecondition when no run of the sweep has been trained and nothing was
// observed, DataLoss when an artifact is not what its format says.
Result<report::Study> GatherStudy(Api& api, const SweepData& data, WallTime now);

}  // namespace eida::client
