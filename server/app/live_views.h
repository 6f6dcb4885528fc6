// Core -> the values that leave the loop. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/sched/core.h"
#include "server/service/live.h"

namespace eida::app {

std::optional<service::SweepLive> LiveSweep(const sched::Core& core,
                                            SweepId sweep);  // nothing when unknown
std::vector<service::WorkerLive> LiveWorkers(const sched::Core& core);
service::TotalsLive LiveTotals(const sched::Core& core);
// What there is to say of a sweep's active and waiting jobs; of all sweeps for 0.
std::map<JobId, service::JobLive> LiveJobs(const sched::Core& core, SweepId sweep);

}  // namespace eida::app
