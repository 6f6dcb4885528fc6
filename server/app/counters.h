// What happened in the scheduler -> metrics.
#pragma once

#include <vector>

#include "common/telemetry/coordinator_metrics.h"
#include "server/sched/core.h"
#include "server/sched/effects.h"

namespace eida::app {

void CountEvent(const sched::CounterEvent& event, telemetry::CoordinatorMetrics& metrics);
// Log bytes and metric points of accepted reports.
void CountReports(const sched::Core& core, const std::vector<JobReport>& reports,
                  const std::vector<ReportVerdict>& verdicts,
                  telemetry::CoordinatorMetrics& metrics);
// The gauges about jobs, sweeps, workers and leases, as they are now. On the loop's thread.
// `per_sweep`: also those of each running sweep, of the newest 50.
void SetGauges(const sched::Core& core, bool per_sweep, telemetry::CoordinatorMetrics& metrics);

}  // namespace eida::app
