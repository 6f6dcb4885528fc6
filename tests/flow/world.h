// A coordinator without network, disk or clock: the scheduler, a model of the store, and a clock
// that the test turns.
#pragma once

#include "server/sched/reactor.h"
#include "server/sched/recover.h"
#include "tests/flow/model_store.h"

namespace eida::testing {

class World {
 public:
  explicit World(const sched::Options& options = {}) : options_(options) { Restart(); }

  // Ends a batch: what the scheduler told to `out` is applied to the store, then invariants are
  // checked.
  Status Commit();
  // The process dies; what was not committed is lost. A new one recovers from the store.
  void Restart();

  Now now() const { return clock.Read(); }

  FakeClock clock;
  ModelStore store;
  sched::RecordingEffects out;               // of the batch that was not committed yet
  std::vector<sched::CounterEvent> counted;  // of all committed batches
  sched::Core core;
  bool check_invariants = true;

 private:
  sched::Options options_;
};

}  // namespace eida::testing
