// What only the scheduler's loop knows at a moment, as values that may leave it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/domain/messages.h"
#include "common/domain/records.h"

namespace eida::service {

struct TotalsLive {
  int workers = 0;  // present
  int slots_total = 0;
  int slots_busy = 0;
  int64_t sweeps = 0;
  std::map<std::string, int64_t> jobs_by_state;
};

// Of a job that runs, its progress; of one that is ready, what it waits for besides its turn.
struct JobLive {
  std::optional<Progress> progress;
  std::string waits;
};

struct KindLive {
  JobKind kind = JobKind::kTrain;
  std::map<std::string, int64_t> by_state;
  double finished_seconds = 0;  // run time of the `finished_timed` jobs that ran and succeeded
  int64_t finished_timed = 0;
  int64_t reused = 0;
  double active_fraction = 0;  // sum of done/total over active jobs
};

struct SweepLive {
  SweepRecord sweep;
  std::map<std::string, int64_t> jobs_by_state;
  std::vector<KindLive> kinds;  // those that the sweep has
  std::vector<std::pair<JobRecord, Progress>> active;
  TotalsLive totals;
};

struct SlotLive {
  SlotInfo info;
  LeaseId lease;                  // 0 = free
  std::vector<std::string> jobs;  // names, "s1/train/lora-r8/seed1"
};

struct WorkerLive {
  WorkerRecord record;
  std::vector<SlotLive> slots;
};

}  // namespace eida::service
