// What each call does, without the transport: decode, ask a port, encode. gRPC calls these on the
// service's own threads (they may block on the disk); tests call them directly.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "eida/v1/sweep.pb.h"
#include "eida/v1/worker.pb.h"
#include "server/service/planner.h"
#include "server/service/ports.h"

namespace eida::service {

class SweepHandlers {
 public:
  // All outlive the object. `clock` gives the time of the start that Status reports.
  SweepHandlers(Scheduler& scheduler, Records& records, Content& content, Planner& planner,
                const Clock& clock);

  void Submit(const v1::SubmitRequest& request, Done<v1::SubmitReply> done);
  void Export(const v1::ExportRequest& request, Done<v1::ExportReply> done);
  void Cancel(const v1::CancelRequest& request, Done<v1::CancelReply> done);
  void Retry(const v1::RetryRequest& request, Done<v1::RetryReply> done);
  void DrainWorker(const v1::DrainWorkerRequest& request, Done<v1::DrainWorkerReply> done);

  void ListSweeps(const v1::ListSweepsRequest& request, Done<v1::ListSweepsReply> done);
  void ListRuns(const v1::ListRunsRequest& request, Done<v1::ListRunsReply> done);
  void ListJobs(const v1::ListJobsRequest& request, Done<v1::ListJobsReply> done);
  void ListCheckpoints(const v1::ListCheckpointsRequest& request,
                       Done<v1::ListCheckpointsReply> done);
  void ListMetrics(const v1::ListMetricsRequest& request, Done<v1::ListMetricsReply> done);
  void ListLogs(const v1::ListLogsRequest& request, Done<v1::ListLogsReply> done);
  void ListEvents(const v1::ListEventsRequest& request, Done<v1::ListEventsReply> done);
  void ListWorkers(const v1::ListWorkersRequest& request, Done<v1::ListWorkersReply> done);
  void Status(const v1::StatusRequest& request, Done<v1::StatusReply> done);

 private:
  // NotFound naming the sweep and how to list those that exist.
  Result<SweepRow> Find(SweepId sweep);

  Scheduler& scheduler_;
  Records& records_;
  Content& content_;
  Planner& planner_;
  WallTime started_;
};

class WorkerHandlers {
 public:
  WorkerHandlers(Scheduler& scheduler, Content& content)
      : scheduler_(scheduler), content_(content) {}

  // Returns the number for Scheduler::CancelSync, 0 when `done` was called already.
  uint64_t Sync(const v1::SyncRequest& request, Done<v1::SyncReply> done);
  // FailedPrecondition when a report names an artifact that is not in the store: nothing of the
  // batch is taken.
  void Report(const v1::ReportRequest& request, Done<v1::ReportReply> done);
  void Leave(const v1::LeaveRequest& request, Done<v1::LeaveReply> done);

 private:
  Scheduler& scheduler_;
  Content& content_;
};

}  // namespace eida::service
