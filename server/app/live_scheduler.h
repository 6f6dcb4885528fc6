// service::Scheduler over the loop: posts events, parks Sync calls until their worker's view has
// something, feeds watchers.
#pragma once

#include <atomic>
#include <map>
#include <set>

#include "common/telemetry/coordinator_metrics.h"
#include "server/app/loop.h"
#include "server/service/ports.h"

namespace eida::app {

class LiveScheduler final : public service::Scheduler, public Loop::Observer {
 public:
  // Both outlive the object, and the loop is stopped before it goes.
  LiveScheduler(Loop& loop, telemetry::CoordinatorMetrics& metrics)
      : loop_(loop), metrics_(metrics) {}
  // From now on nobody is kept waiting: parked calls and watchers get Unavailable, new ones at
  // once.
  void Close();

  void Submit(AddSweep plan, bool attach, service::Done<service::Submitted> done) override;
  void AddJob(JobRecord job, service::Done<JobId> done) override;
  void Cancel(SweepId sweep, std::vector<JobId> jobs, service::Done<int64_t> done) override;
  void Retry(SweepId sweep, std::vector<JobId> jobs, ErrorClass filter,
             service::Done<int64_t> done) override;
  void Drain(WorkerId worker, bool drain, service::Done<bool> done) override;
  uint64_t Sync(SyncRequest request, service::Done<SyncReply> done) override;
  void CancelSync(uint64_t call) override;
  void Report(WorkerId worker, std::string session, std::vector<JobReport> reports,
              service::Done<std::vector<ReportVerdict>> done) override;
  void Leave(WorkerId worker, std::string session, service::Done<bool> done) override;
  uint64_t Watch(SweepId sweep, std::function<void(Result<service::SweepLive>)> show) override;
  void Unwatch(uint64_t watch) override;
  void JobsLive(SweepId sweep, service::Done<std::map<JobId, service::JobLive>> done) override;
  void Workers(service::Done<std::vector<service::WorkerLive>> done) override;
  void Totals(service::Done<service::TotalsLive> done) override;

  void Committed(const sched::Core& core, const sched::RecordingEffects& effects, Now now) override;
  void Passed(const sched::Core& core, Now now, double seconds) override;
  TimePoint NextWake() const override;

 private:
  struct Parked {
    SyncRequest request;
    service::Done<SyncReply> done;
    TimePoint deadline;
  };
  struct Watcher {
    SweepId sweep;
    std::function<void(Result<service::SweepLive>)> show;
    TimePoint next;  // not shown again before
    bool dirty = false;
  };

  // Answers the call now when there is something to say or nothing to wait for, else parks it.
  void Settle(uint64_t call, SyncRequest request, service::Done<SyncReply> done, TimePoint now);
  void AnswerParked(std::map<uint64_t, Parked>::iterator it, Result<SyncReply> reply);
  void ShowDue(const sched::Core& core, TimePoint now);
  // Posts; when the loop has stopped, answers Unavailable.
  template <class T>
  void Ask(service::Done<T> done, std::function<Result<T>(sched::Core&, sched::Effects&, Now)> run);

  Loop& loop_;
  telemetry::CoordinatorMetrics& metrics_;
  std::atomic<uint64_t> next_{1};
  // On the loop's thread only.
  std::map<uint64_t, Parked> parked_;
  std::map<WorkerId, uint64_t> parked_of_;  // the newest call of each worker
  std::map<uint64_t, Watcher> watchers_;
  TimePoint now_;
  bool closing_ = false;
};

}  // namespace eida::app
