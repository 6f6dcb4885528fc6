// A `soup` job over given studies; RunSoup loads them.
#pragma once

#include "worker/engine/study.h"

namespace eida::analysis {

// `select` and `report`: the items of the job's two splits.
Result<engine::JobResult> MakeSoup(const engine::Job& job, engine::Study& select,
                                   engine::Study& report, engine::Events& events);

}  // namespace eida::analysis
