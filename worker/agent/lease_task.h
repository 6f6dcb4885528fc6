// One lease from grant to end: fetch the inputs, run the bundle, deliver what it made, see it
// acknowledged.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "worker/agent/busy_meter.h"
#include "worker/agent/delivery.h"
#include "worker/agent/reporter.h"
#include "worker/agent/slots.h"
#include "worker/agent/transfer.h"
#include "worker/exec/job_file.h"
#include "worker/exec/runner_gang.h"

namespace eida::agent {

struct LeaseOptions {
  std::string work_dir;    // for all leases, on the file system of the cache
  std::string tokens_dir;  // for token ids, which runners share; "" = nowhere
  int64_t tokens_limit = 0;
  std::string supervisor;  // program whose `supervise` is exec::SuperviseMain
  std::string runner;
  Millis stop_grace{30'000};       // for a checkpoint, before SIGKILL
  Millis revoke_grace{5'000};      // when nobody wants the result any more
  int64_t max_log_lines = 10'000;  // of one attempt; the rest is dropped with a remark
  BusyMeter* busy = nullptr;       // told of runners at work; null = nobody asks
};

// Thread-safe. Start begins; the destructor kills what still runs and reports nothing more.
class LeaseTask : private exec::RunnerSink {
 public:
  using Key = Spool::Key;

  // `on_end` is called once, as the last thing that the task's thread does.
  // `slots`: those of the grant, in its order; several run one job, a rank on each.
  LeaseTask(Grant grant, std::vector<Slot> slots, const LeaseOptions& options,
            exec::Launcher& launcher, Transfer& transfer, Reporter& reporter, const Clock& clock,
            std::function<void(LeaseId)> on_end);
  ~LeaseTask() override;

  void Start();
  // The worker leaves: SIGTERM, checkpoint, all is still delivered and reported.
  void Preempt();
  // The lease is no longer ours: stop within `grace`, report nothing. True when a runner was still
  // at work.
  bool Revoke(Millis grace);
  bool Revoke() { return Revoke(options_.revoke_grace); }
  // Nobody wants this attempt's result. Stops the runner, and gives the rest of the bundle back,
  // once no job of it that has begun is wanted.
  void Refuse(const Key& key);

  LeaseId id() const { return grant_.lease; }
  const std::vector<int>& slots() const { return grant_.slots; }
  bool Holds(const Key& key) const;

 private:
  void Run();
  Status Prepare(const GrantJob& job, exec::JobFile& file);
  Status RunBundle(exec::JobFile file);
  // Writes the job file of a rank.
  Result<exec::RunnerOptions> OptionsOf(int rank, exec::JobFile file) const;
  void Fail(const GrantJob& job, ErrorClass error, const std::string& message);
  void OnEvent(const exec::Event& event) override;
  void OnLog(const std::string& line) override;
  void StopUnlessWanted();  // under mutex_
  void Flush();
  Key KeyOf(JobId job) const;
  std::string OutOf(const Key& key) const;

  const Grant grant_;
  const std::vector<Slot> slots_;
  const LeaseOptions options_;
  exec::Launcher& launcher_;
  Transfer& transfer_;
  Reporter& reporter_;
  const Clock& clock_;
  const std::function<void(LeaseId)> on_end_;
  const std::string dir_;
  std::vector<Pin> pins_;
  std::map<Key, int64_t> log_lines_;  // of the task's thread alone
  std::stop_source fetch_stop_;       // requested by Preempt and Revoke
  std::stop_source deliver_stop_;     // requested by Revoke
  std::unique_ptr<Delivery> delivery_;

  std::mutex mutex_;
  std::unique_ptr<exec::RunnerGang> process_;  // guarded by mutex_; Run of it is called without
  std::optional<Millis> stop_grace_;           // what Preempt or Revoke asked for; guarded
  std::optional<exec::Bundle> bundle_;         // guarded
  std::set<Key> refused_;                      // guarded
  bool ended_ = false;                         // guarded
  std::thread thread_;
};

}  // namespace eida::agent
