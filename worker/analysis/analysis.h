// Job functions of the analyses: the studies over trained models. docs/formats.md section 3 has
// their specs, inputs, artifacts and summaries. One thread at a time; each returns Preempted() soon
// after StopRequested() becomes true.
#pragma once

#include "worker/engine/job.h"

namespace eida::analysis {

Result<engine::JobResult> RunGram(const engine::Job& job, engine::Events& events);
Result<engine::JobResult> RunPath(const engine::Job& job, engine::Events& events);
Result<engine::JobResult> RunMatrix(const engine::Job& job, engine::Events& events);
Result<engine::JobResult> RunSoup(const engine::Job& job, engine::Events& events);

}  // namespace eida::analysis
