// How long runners have worked, for the metrics.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/domain/enums.h"

namespace eida::agent {

// Thread-safe. Work under way counts up to now, so that a training of many hours is seen while it
// lasts.
class BusyMeter {
 public:
  using Key = std::pair<std::string, JobKind>;  // device of the slot, kind of the jobs

  explicit BusyMeter(const Clock& clock = Clock::System()) : clock_(clock) {}

  // Work on one slot, from its making to its end. REQUIRES: the meter outlives it.
  class Work {
   public:
    Work(BusyMeter* meter, Key key);  // null: nothing is measured
    ~Work();
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

   private:
    BusyMeter* const meter_;
    const Key key_;
    TimePoint since_;
  };

  // Never falls.
  std::map<Key, double> Seconds() const;

 private:
  struct Tally {
    Millis done{0};
    int running = 0;
    int64_t since_ms = 0;  // sum over those that run
  };
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<Key, Tally> tallies_;
};

}  // namespace eida::agent
