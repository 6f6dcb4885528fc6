#include "tests/flow/world.h"

namespace eida::testing {

Status World::Commit() {
  const Status applied = store.Apply(out.changes);
  counted.insert(counted.end(), out.counted.begin(), out.counted.end());
  out.Clear();
  EIDA_RETURN_IF_ERROR(applied);
  return check_invariants ? core.CheckInvariants() : OkStatus();
}

void World::Restart() {
  out.Clear();
  core = sched::Recover(store.Load(), out, now(), options_);
}

}  // namespace eida::testing
