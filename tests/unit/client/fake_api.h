// A coordinator that is a few lists. It answers as the real one does, and remembers what it was
// told to do.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/api.h"

namespace eida::client {

class FakeApi : public Api {
 public:
  std::vector<v1::Sweep> sweeps;
  std::vector<v1::Run> runs;
  std::vector<v1::Job> jobs;
  std::vector<v1::Checkpoint> checkpoints;
  std::vector<v1::JobMetrics> metrics;
  std::vector<v1::LogLine> logs;
  std::vector<v1::Event> events;
  std::vector<v1::Worker> workers;
  std::map<std::string, std::string> artifacts;  // by digest
  // What Watch shows of each sweep, one after another; the last one for ever unless it is terminal.
  std::map<int64_t, std::vector<v1::SweepProgress>> progress;
  std::function<void()> between;  // called before each of them

  eida::Status failure;                     // of every call, when it is not OK
  std::map<int64_t, eida::Status> refused;  // Cancel and Retry of this sweep
  std::vector<v1::SubmitRequest> submitted;
  std::vector<v1::CancelRequest> cancelled;
  std::vector<v1::RetryRequest> retried;
  std::vector<v1::DrainWorkerRequest> drained;
  std::vector<std::string> uploads;

  // Keeps the content; its digest.
  std::string Keep(const std::string& content);

  Result<v1::SubmitReply> Submit(const v1::SubmitRequest& request) override;
  Result<v1::ExportReply> Export(const v1::ExportRequest& request) override;
  Result<v1::CancelReply> Cancel(const v1::CancelRequest& request) override;
  Result<v1::RetryReply> Retry(const v1::RetryRequest& request) override;
  Result<v1::ListSweepsReply> ListSweeps(const v1::ListSweepsRequest& request) override;
  Result<v1::ListRunsReply> ListRuns(const v1::ListRunsRequest& request) override;
  Result<v1::ListJobsReply> ListJobs(const v1::ListJobsRequest& request) override;
  Result<v1::ListCheckpointsReply> ListCheckpoints(
      const v1::ListCheckpointsRequest& request) override;
  Result<v1::ListMetricsReply> ListMetrics(const v1::ListMetricsRequest& request) override;
  Result<v1::ListLogsReply> ListLogs(const v1::ListLogsRequest& request) override;
  Result<v1::ListEventsReply> ListEvents(const v1::ListEventsRequest& request) override;
  Result<v1::ListWorkersReply> ListWorkers(const v1::ListWorkersRequest& request) override;
  Result<v1::DrainWorkerReply> DrainWorker(const v1::DrainWorkerRequest& request) override;
  Result<v1::StatusReply> Status(const v1::StatusRequest& request) override;
  eida::Status Watch(SweepId sweep,
                     const std::function<bool(const v1::SweepProgress&)>& show) override;
  Result<std::vector<bool>> Has(const std::vector<Digest>& digests) override;
  eida::Status Put(const std::string& path, const Digest& digest, int64_t size) override;
  Result<std::string> Get(const Digest& digest) override;
  eida::Status GetFile(const Digest& digest, const std::string& path) override;
};

}  // namespace eida::client
