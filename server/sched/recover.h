// Start = recovery: the state of the scheduler out of what the store kept. An empty snapshot is a
// fresh start.
#pragma once

#include "server/sched/core.h"
#include "server/sched/effects.h"

namespace eida::sched {

// Rebuilds Core. Nothing that runs is restarted: leases of open attempts get a fresh deadline (now
// + ttl), and a worker that comes back with the same session keeps them. Workers get leases only
// after their first Sync. A snapshot that contradicts itself (an active job without an open
// attempt) is fatal and names the job.
Core Recover(const Snapshot& snapshot, Effects& out, Now now, const Options& options = {});

}  // namespace eida::sched
