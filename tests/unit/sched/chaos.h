// One random history of a coordinator, three workers and a user over a network that loses, delays,
// duplicates and reorders. Everything follows from the seed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/rng.h"
#include "tests/flow/world.h"

namespace eida::testing {

struct ChaosReport {
  std::string failure;  // "" = every promise held; else the step and the broken promise
  int64_t attempts = 0, results = 0, restarts = 0, deaths = 0, stale = 0, reused = 0;
};

class Chaos {
 public:
  explicit Chaos(uint64_t seed);
  // `steps` random events, then the faults stop and everything must come to an end.
  ChaosReport Run(int steps);

 private:
  struct Task {
    JobId job;
    Attempt attempt = 0;
    int stage = 0;     // 0 granted, 1 started, 2 checkpointed, 3 finished
    size_t acked = 0;  // how many items were acknowledged, from the first
    std::vector<ReportItem> unacked;
  };
  struct Agent {
    WorkerRecord record;
    std::map<LeaseId, std::vector<Task>> held;
    int64_t sync_serial = 0;  // only the reply to the newest Sync counts
    TimePoint waits_until;    // for that reply
    TimePoint down_until;     // the process is dead until then
    TimePoint cut_until;      // the network is
    bool alive = true;
  };
  struct Message {
    std::function<void()> deliver;
    size_t agent = 0;
  };

  void Step();
  void AgentStep(size_t index);
  void UserStep();
  void Submit();
  void Send(size_t agent, std::function<void()> deliver);
  void Deliver();
  void SendSync(size_t index);
  void SendReports(size_t index);
  void OnSyncReply(size_t index, int64_t serial, const SyncReply& reply);
  void OnReportReply(size_t index, const std::string& session, JobId job, Attempt attempt,
                     size_t upto, ReportVerdict verdict);
  void Work(Task& task);
  ErrorClass OutcomeOf(JobId job, Attempt attempt);
  // Ends the batch: replies go out only after the commit. Or the coordinator dies before it.
  void Commit();
  void Crash();
  void Check(const Status& status);
  void CheckEnd();

  Rng rng_;
  World world_;
  std::vector<Agent> agents_;
  std::multimap<TimePoint, Message> network_;
  std::vector<std::function<void()>> replies_;  // of the batch that is not committed
  std::map<std::pair<JobId, Attempt>, ErrorClass> outcomes_;
  std::map<JobId, Attempt> acked_;  // results that a worker was told are safe
  std::vector<SweepId> sweeps_;     // submits that a user was told are safe
  std::set<JobId> revived_;         // jobs whose failure counts a user may have reset
  bool calm_ = false;
  int step_ = 0, session_ = 0, plans_ = 0;
  ChaosReport report_;
};

}  // namespace eida::testing
