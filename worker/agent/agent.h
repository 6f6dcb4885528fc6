// The agent: keeps the conversation with the coordinator going and holds the leases that come out
// of it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "worker/agent/lease_task.h"
#include "worker/agent/ports.h"

namespace eida::agent {

struct AgentOptions {
  WorkerRecord worker;  // id, session, host, version, pid; the slots are filled in from `slots`
  std::vector<Slot> slots;
  LeaseOptions lease;
  ReporterOptions reporter;
  Backoff::Options backoff;          // of Sync and of transfers
  Millis leave_timeout{10'000};      // for delivering what is left, after the runners' grace
  Millis idle_timeout{0};            // leave after that long without a lease; 0 = never
  bool wait_for_coordinator = true;  // false: the first Sync must succeed
  std::function<void()> on_joined;   // once, after the first Sync that succeeded
};

// Run is called once; Drain and KillNow from any thread (not from a signal handler). Leases are
// kept whatever happens to the connection: only the coordinator's word (revoked, stale), Drain and
// KillNow end them.
class Agent {
 public:
  Agent(AgentOptions options, CoordinatorPort& coordinator, ArtifactPort& artifacts, Cache& cache,
        exec::Launcher& launcher, const Clock& clock);
  ~Agent();  // kills what still runs

  // Until drained (OK), killed (Cancelled), or refused by the coordinator (its error:
  // Unauthenticated, ..).
  Status Run();
  // Takes no new lease, lets the runners checkpoint, reports, leaves. At most stop_grace +
  // leave_timeout.
  void Drain();
  // Kills every runner and returns from Run at once.
  void KillNow();

 private:
  using Key = Spool::Key;

  std::optional<SyncRequest> NextRequest(std::stop_token* stop);
  void Apply(const SyncReply& reply);
  Status OnSyncError(const Status& status);
  void StartGrant(const Grant& grant);
  void StartPending();
  void OnLeaseEnd(LeaseId lease);
  void OnStale(const Key& key);
  void RefuseGrant(const Grant& grant, const std::string& reason);
  void KillAll();
  void Pause(Millis time);
  // Why the grant cannot be served; "" = it can.
  std::string WrongWith(const Grant& grant) const;
  bool AnyBusy(const std::vector<int>& slots) const;

  AgentOptions options_;
  CoordinatorPort& coordinator_;
  const Clock& clock_;
  exec::Launcher& launcher_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<LeaseId, std::unique_ptr<LeaseTask>> tasks_;  // held; running or waiting for their slot
  std::vector<LeaseId> waiting_;                         // of tasks_, not started, oldest first
  std::map<LeaseId, std::unique_ptr<LeaseTask>>
      leaving_;                                    // revoked, their runners are still being stopped
  std::vector<std::unique_ptr<LeaseTask>> ended_;  // their threads are about to return
  std::stop_source sync_stop_;
  bool draining_ = false, killed_ = false, joined_ = false, away_ = false;
  int refusals_ = 0;
  uint64_t changes_ = 0, seen_changes_ = 0;
  TimePoint drain_deadline_ = TimePoint::Never();
  TimePoint idle_since_;
  TimePoint away_said_;
  Millis ttl_{15'000};
  Backoff sync_backoff_;
  Transfer transfer_;
  Reporter reporter_;  // last: its thread uses what is above
};

}  // namespace eida::agent
