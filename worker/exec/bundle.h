// The outcome of every job of a bundle, decided from the protocol and never from the exit code
// alone. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/subprocess.h"
#include "worker/exec/event.h"

namespace eida::exec {

struct Outcome {
  JobId job;
  ErrorClass error =
      ErrorClass::kNone;  // kNone = the runner said `done`; its artifacts are still to be verified
  std::string message;
  std::string summary;
};

// How a runner process ended.
struct ProcessEnd {
  ExitStatus exit;
  bool stopped = false;  // we asked it to leave
  std::string hint;      // what else is known ("the kernel's OOM killer was at work"), "" = nothing
  std::string log_tail;  // last lines of its log, "" = none
};

// What an event changed.
struct Accepted {
  bool first = false;          // the job's first event: it has started
  std::optional<Outcome> end;  // the job ended with it
};

class Bundle {
 public:
  explicit Bundle(std::vector<JobId> jobs);

  // FailedPrecondition when the job is not of this bundle or has already ended; nothing changes
  // then.
  Result<Accepted> OnEvent(const Event& event);
  // The outcomes of all jobs that had not ended, in order:
  //  - we stopped the process: preempted;
  //  - the job had started: crashed, with the signal or exit code, the hint and the log's tail;
  //  - it had not: preempted (costs no retry), but the first job is crashed when the process died
  //  before any job
  //    started, or when it ended well without running it; otherwise a runner that cannot start
  //    would be tried for ever.
  std::vector<Outcome> OnEnd(const ProcessEnd& end);
  bool AllEnded() const;
  // The jobs that have started and not ended, in order: more than one when they are packed.
  std::vector<JobId> Running() const;

 private:
  enum class Phase { kWaiting, kRunning, kEnded };
  struct Entry {
    JobId job;
    Phase phase = Phase::kWaiting;
  };

  std::vector<Entry> entries_;
};

}  // namespace eida::exec
