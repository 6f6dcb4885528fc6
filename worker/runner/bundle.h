// The jobs of one process, in order, and the exit code that docs/formats.md section 2 gives them.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "worker/engine/study.h"
#include "worker/runner/event_writer.h"
#include "worker/runner/job_file.h"

namespace eida::runner {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitStopped = 75;
inline constexpr int kExitPeerLost = 76;  // of a gang: what went wrong is for another rank to say

using JobFunction = std::function<Result<engine::JobResult>(const engine::Job&, engine::Events&)>;

// How jobs are run: one, or those with the same pack key together.
struct JobFunctions {
  JobFunction run;
  std::function<std::string(const engine::Job&)> pack_key;  // "" = runs alone; may be absent
  std::function<void(const std::vector<engine::PackJob>&, const engine::PackEnded&)> run_pack;
};

// Runs every job and says what became of it: in order, those of one pack key together in the place
// of the first. A failed job does not keep the next from running, except for oom and internal,
// after which this process is not to be trusted. Output directories are made here.
int RunBundle(const JobFile& file, const JobFunctions& functions, EventWriter& writer,
              const std::atomic<bool>& stop, const Clock& clock);

}  // namespace eida::runner
