// Job kind -> job function, with what libraries throw turned into a Status.
#pragma once

#include <string>
#include <vector>

#include "worker/engine/collective/gang.h"
#include "worker/engine/study.h"

namespace eida::runner {

// The kinds that this runner can do, in the order of docs/formats.md.
std::vector<std::string> JobKinds();

// Runs the job to its end. No exception leaves: libtorch's and the standard library's out-of-memory
// become `oom`, any other is `internal`. An input file that is not there is `io` before anything is
// computed.
Result<engine::JobResult> RunJob(const engine::Job& job, engine::Events& events);

// The same as one rank of a gang. PeerLost when another rank is gone.
Result<engine::JobResult> RunJobInGang(const engine::GangPlace& place, const engine::Job& job,
                                       engine::Events& events);

// engine::TrainPack under the same rules.
void RunPack(const std::vector<engine::PackJob>& jobs, const engine::PackEnded& ended);

}  // namespace eida::runner
