// What the service asks of the rest of the coordinator. server/app implements it over sched, store
// and artifacts; tests have fakes. All are thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/domain/change.h"
#include "common/domain/messages.h"
#include "server/service/live.h"

namespace eida::service {

// Called once, on any thread.
template <class T>
using Done = std::function<void(Result<T>)>;

struct Submitted {
  SweepId sweep;
  bool attached = false;  // an existing sweep was returned
  int64_t jobs = 0;
  int64_t reused = 0;  // jobs that took over the result of a finished twin
};

// The scheduler's loop. Every answer waits until what it rests on is durable.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  // `attach`: the newest sweep with the same plan fingerprint is returned instead, if there is one.
  virtual void Submit(AddSweep plan, bool attach, Done<Submitted> done) = 0;
  virtual void AddJob(JobRecord job, Done<JobId> done) = 0;
  virtual void Cancel(SweepId sweep, std::vector<JobId> jobs, Done<int64_t> done) = 0;
  virtual void Retry(SweepId sweep, std::vector<JobId> jobs, ErrorClass filter,
                     Done<int64_t> done) = 0;
  virtual void Drain(WorkerId worker, bool drain, Done<bool> done) = 0;

  // Parks the call until the worker's view has something for it or `request.wait` passes. The
  // returned number names the call for CancelSync, after which `done` is called with Unavailable
  // unless it was before.
  virtual uint64_t Sync(SyncRequest request, Done<SyncReply> done) = 0;
  virtual void CancelSync(uint64_t call) = 0;
  virtual void Report(WorkerId worker, std::string session, std::vector<JobReport> reports,
                      Done<std::vector<ReportVerdict>> done) = 0;
  virtual void Leave(WorkerId worker, std::string session, Done<bool> done) = 0;

  // `show` is called at once and on every change (at most every 100 ms) until Unwatch, the sweep's
  // end (the last call shows a terminal state) or an error (NotFound; Unavailable at shutdown),
  // which also ends it.
  virtual uint64_t Watch(SweepId sweep, std::function<void(Result<SweepLive>)> show) = 0;
  virtual void Unwatch(uint64_t watch) = 0;

  virtual void JobsLive(SweepId sweep, Done<std::map<JobId, JobLive>> done) = 0;
  virtual void Workers(Done<std::vector<WorkerLive>> done) = 0;
  virtual void Totals(Done<TotalsLive> done) = 0;
};

struct SweepRow {
  SweepRecord sweep;
  std::map<std::string, int64_t> jobs_by_state;
};
struct JobQuery {
  SweepId sweep;               // 0 = any
  std::vector<JobKind> kinds;  // empty = all
  std::vector<JobId> ids;      // empty = all
  bool with_spec = false;
};
struct JobSeries {
  JobId job;
  std::vector<MetricPoint> points;
};
struct LogPage {
  std::vector<LogLine> lines;
  int64_t cursor = 0;  // `after` of the next page
};
struct EventQuery {
  SweepId sweep;      // 0 = any
  JobId job;          // 0 = any
  std::string type;   // "" = any
  int64_t after = 0;  // id
  int64_t limit = 0;  // 0 = 1000
};

// Snapshot queries over what is durable. Called on the service's own threads; may block on the
// disk.
class Records {
 public:
  virtual ~Records() = default;
  virtual Result<std::vector<SweepRow>> Sweeps(const std::vector<SweepId>& ids,
                                               bool with_source) = 0;
  virtual Result<std::vector<RunRecord>> Runs(SweepId sweep) = 0;
  virtual Result<std::vector<JobRecord>> Jobs(const JobQuery& query) = 0;
  virtual Result<std::vector<CheckpointRecord>> Checkpoints(SweepId sweep, JobId job) = 0;
  virtual Result<std::vector<JobSeries>> Metrics(SweepId sweep, JobId job,
                                                 const std::string& series) = 0;
  virtual Result<LogPage> Logs(JobId job, Attempt attempt, int64_t after, int64_t limit) = 0;
  virtual Result<std::vector<EventRecord>> Events(const EventQuery& query) = 0;
  virtual int SchemaVersion() = 0;
};

// Receives one object. Nothing is visible before Commit; the destructor discards what was not
// committed.
class ContentWriter {
 public:
  virtual ~ContentWriter() = default;
  virtual Status Append(const std::string& data) = 0;
  // Durable when it returns. DataLoss when digest or size are not what was announced. False: it was
  // there before.
  virtual Result<bool> Commit() = 0;
};

class ContentReader {
 public:
  virtual ~ContentReader() = default;
  virtual int64_t size() const = 0;
  // The next bytes, at most `max`; "" at the end. DataLoss (at the latest at the end) when they are
  // not what was stored.
  virtual Result<std::string> Next(size_t max) = 0;
};

// Content-addressed storage. May block on the disk.
class Content {
 public:
  virtual ~Content() = default;
  virtual Result<bool> Has(const Digest& digest) = 0;
  virtual Result<std::unique_ptr<ContentWriter>> Write(const Digest& digest, int64_t size) = 0;
  virtual Result<std::unique_ptr<ContentReader>> Read(const Digest& digest) = 0;
  virtual int64_t StoredBytes() = 0;
  virtual int64_t FreeBytes() = 0;
};

}  // namespace eida::service
