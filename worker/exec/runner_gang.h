// The runners of one lease: one, or the ranks of a gang that do one job together.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "worker/exec/runner_process.h"

namespace eida::exec {

// The exit code of a rank that lost another one: what went wrong is for that one to say.
inline constexpr int kExitPeerLost = 76;

// Used as a RunnerProcess is. Rank 0 speaks for all; of the others only errors are heard, and their
// logs. All or none: when a rank ends badly the others are killed.
class RunnerGang {
 public:
  // One process for each of `ranks`, which is not empty. An error means that none runs.
  static Result<std::unique_ptr<RunnerGang>> Start(Launcher& launcher,
                                                   const std::vector<RunnerOptions>& ranks,
                                                   const Clock& clock = Clock::System());

  // Until all ranks are gone. The end of rank 0, or of the rank that ended badly first.
  ProcessEnd Run(RunnerSink& sink);
  void Stop(Millis grace);

 private:
  class RankSink;

  explicit RunnerGang(std::vector<std::unique_ptr<RunnerProcess>> ranks)
      : ranks_(std::move(ranks)) {}
  void OnRankEnd(size_t rank, ProcessEnd end);
  void KillOthers(size_t rank);

  const std::vector<std::unique_ptr<RunnerProcess>> ranks_;
  std::mutex sink_mutex_;  // one rank speaks at a time
  std::mutex mutex_;
  std::condition_variable ended_;
  size_t others_ended_ = 0;         // guarded: ranks but 0
  bool stopped_ = false;            // guarded
  std::optional<ProcessEnd> bad_;   // guarded: the first bad end, of a rank that lost no other
  std::optional<ProcessEnd> lost_;  // guarded: the first end of a rank that lost another
};

}  // namespace eida::exec
