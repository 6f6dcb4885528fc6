// What the outside must do about an event. The scheduler tells its port; the loop obeys in the
// order of DESIGN section 4: every Persist of a batch commits before anything that was learnt from
// the batch leaves the process.
#pragma once

#include <vector>

#include "common/domain/change.h"

namespace eida::sched {

// One observation for the metrics. `count` things of `kind` happened at once.
struct CounterEvent {
  enum class What : uint8_t {
    kSubmitted,  // jobs became known
    kReused,     // jobs took over the result of a twin
    kFinished,   // a job reached `outcome`; `seconds` = run time of its last attempt, or kNeverRan
    kQueueWait,  // ready -> leased took `seconds`
    kRetry,      // an attempt ended with `error` and the job will be tried again
    kStale,      // a report of an attempt that does not hold the lease was refused
    kLeaseExpired,  // a lease of `count` unfinished jobs ran out
  };
  static constexpr double kNeverRan = -1;
  What what = What::kFinished;
  JobKind kind{};  // 0 when the job is unknown
  JobState outcome = JobState::kSucceeded;
  ErrorClass error = ErrorClass::kNone;
  double seconds = 0;
  int64_t count = 1;
};

// The only way out of the scheduler. Implementations must not call back into it.
class Effects {
 public:
  virtual ~Effects() = default;
  // To be applied with all other changes of the batch in one transaction, in this order.
  virtual void Persist(Change change) = 0;
  // What ViewFor answers to this worker has changed: answer its waiting Sync.
  virtual void Notify(const WorkerId& worker) = 0;
  // Watchers of this sweep have something new to see.
  virtual void SweepChanged(SweepId sweep) = 0;
  virtual void Count(const CounterEvent& event) = 0;
};

// Keeps everything, for tests and for whoever wants the effects of a batch as a value.
class RecordingEffects : public Effects {
 public:
  void Persist(Change change) override { changes.push_back(std::move(change)); }
  void Notify(const WorkerId& worker) override { notified.push_back(worker); }
  void SweepChanged(SweepId sweep) override { sweeps.push_back(sweep); }
  void Count(const CounterEvent& event) override { counted.push_back(event); }
  bool empty() const {
    return changes.empty() && notified.empty() && sweeps.empty() && counted.empty();
  }
  void Clear() { *this = {}; }

  std::vector<Change> changes;
  std::vector<WorkerId> notified;
  std::vector<SweepId> sweeps;
  std::vector<CounterEvent> counted;
};

}  // namespace eida::sched
