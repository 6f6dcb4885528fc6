// The coordinator as the verbs see it. A seam: GrpcApi talks to a real one, tests have a fake.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/status.h"
#include "eida/v1/sweep.pb.h"

namespace eida::rpc {
class Connection;
}

namespace eida::client {

class Api {
 public:
  virtual ~Api() = default;
  virtual Result<v1::SubmitReply> Submit(const v1::SubmitRequest& request) = 0;
  virtual Result<v1::ExportReply> Export(const v1::ExportRequest& request) = 0;
  virtual Result<v1::CancelReply> Cancel(const v1::CancelRequest& request) = 0;
  virtual Result<v1::RetryReply> Retry(const v1::RetryRequest& request) = 0;
  virtual Result<v1::ListSweepsReply> ListSweeps(const v1::ListSweepsRequest& request) = 0;
  virtual Result<v1::ListRunsReply> ListRuns(const v1::ListRunsRequest& request) = 0;
  virtual Result<v1::ListJobsReply> ListJobs(const v1::ListJobsRequest& request) = 0;
  virtual Result<v1::ListCheckpointsReply> ListCheckpoints(
      const v1::ListCheckpointsRequest& request) = 0;
  virtual Result<v1::ListMetricsReply> ListMetrics(const v1::ListMetricsRequest& request) = 0;
  virtual Result<v1::ListLogsReply> ListLogs(const v1::ListLogsRequest& request) = 0;
  virtual Result<v1::ListEventsReply> ListEvents(const v1::ListEventsRequest& request) = 0;
  virtual Result<v1::ListWorkersReply> ListWorkers(const v1::ListWorkersRequest& request) = 0;
  virtual Result<v1::DrainWorkerReply> DrainWorker(const v1::DrainWorkerRequest& request) = 0;
  virtual Result<v1::StatusReply> Status(const v1::StatusRequest& request) = 0;
  // Calls `show` for every state of the sweep until it is terminal, `show` returns false, or an
  // error. With no news it calls `show` about ten times a second with the last state, so that a
  // caller can look at its own clock and signals.
  virtual eida::Status Watch(SweepId sweep,
                             const std::function<bool(const v1::SweepProgress&)>& show) = 0;

  // Which of these the store has.
  virtual Result<std::vector<bool>> Has(const std::vector<Digest>& digests) = 0;
  virtual eida::Status Put(const std::string& path, const Digest& digest, int64_t size) = 0;
  // The whole content, checked against its digest. `file` variant writes it atomically.
  virtual Result<std::string> Get(const Digest& digest) = 0;
  virtual eida::Status GetFile(const Digest& digest, const std::string& path) = 0;
};

// `limit` is the deadline of each unary call; 0 = the usual 30 s. `tend` is called about ten times
// a second while Watch waits; its error ends the wait.
std::unique_ptr<Api> MakeGrpcApi(const rpc::Connection& connection, Millis limit,
                                 std::function<eida::Status()> tend = {});

}  // namespace eida::client
