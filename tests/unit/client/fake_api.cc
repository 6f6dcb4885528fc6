#include "tests/unit/client/fake_api.h"

#include <algorithm>

#include "common/base/digest.h"
#include "common/base/fs.h"

namespace eida::client {
namespace {

constexpr size_t kMostStates = 1000;  // a test that would never end fails instead

template <class Field>
bool Contains(const Field& values, int64_t wanted) {
  return std::find(values.begin(), values.end(), wanted) != values.end();
}

}  // namespace

std::string FakeApi::Keep(const std::string& content) {
  const std::string digest = DigestOf(content).str();
  artifacts[digest] = content;
  return digest;
}

Result<v1::SubmitReply> FakeApi::Submit(const v1::SubmitRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  submitted.push_back(request);
  v1::SubmitReply reply;
  reply.set_sweep(sweeps.empty() ? 1 : sweeps.back().id());
  reply.set_jobs(12);
  reply.set_reused(2);
  return reply;
}

Result<v1::ExportReply> FakeApi::Export(const v1::ExportRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  v1::Job job;
  job.set_id(900);
  job.set_sweep(request.sweep());
  job.set_kind(v1::JOB_KIND_EXPORT);
  job.set_name("export/" + request.source());
  job.set_state(v1::JOB_STATE_SUCCEEDED);
  v1::Artifact* file = job.add_artifacts();
  file->set_name("config.json");
  file->set_kind("file");
  file->set_digest(Keep("{}"));
  jobs.push_back(job);
  v1::ExportReply reply;
  reply.set_job(900);
  return reply;
}

Result<v1::CancelReply> FakeApi::Cancel(const v1::CancelRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  if (refused.count(request.sweep()) > 0) return refused[request.sweep()];
  cancelled.push_back(request);
  v1::CancelReply reply;
  reply.set_cancelled(request.jobs().empty() ? 10 : request.jobs_size());
  return reply;
}

Result<v1::RetryReply> FakeApi::Retry(const v1::RetryRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  if (refused.count(request.sweep()) > 0) return refused[request.sweep()];
  retried.push_back(request);
  v1::RetryReply reply;
  reply.set_retried(request.jobs().empty() ? 10 : request.jobs_size());
  return reply;
}

Result<v1::ListSweepsReply> FakeApi::ListSweeps(const v1::ListSweepsRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  v1::ListSweepsReply reply;
  for (v1::Sweep sweep : sweeps) {
    if (!request.ids().empty() && !Contains(request.ids(), sweep.id())) continue;
    if (!request.with_source()) sweep.clear_source(), sweep.clear_resolved();
    *reply.add_sweeps() = sweep;
  }
  return reply;
}

Result<v1::ListRunsReply> FakeApi::ListRuns(const v1::ListRunsRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  v1::ListRunsReply reply;
  for (const v1::Run& run : runs) {
    if (run.sweep() == request.sweep()) *reply.add_runs() = run;
  }
  return reply;
}

Result<v1::ListJobsReply> FakeApi::ListJobs(const v1::ListJobsRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  if (request.sweep() == 0 && request.ids().empty())
    return InvalidArgument("ListJobs: name a sweep or job ids");
  v1::ListJobsReply reply;
  for (v1::Job job : jobs) {
    if (request.sweep() != 0 && job.sweep() != request.sweep()) continue;
    if (!request.ids().empty() && !Contains(request.ids(), job.id())) continue;
    if (!request.kinds().empty() && !Contains(request.kinds(), job.kind())) continue;
    if (!request.with_spec()) job.clear_spec();
    *reply.add_jobs() = job;
  }
  if (reply.jobs_size() < request.ids_size()) return NotFound("there is no such job");
  return reply;
}

Result<v1::ListCheckpointsReply> FakeApi::ListCheckpoints(
    const v1::ListCheckpointsRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  v1::ListCheckpointsReply reply;
  for (const v1::Checkpoint& checkpoint : checkpoints) {
    for (const v1::Job& job : jobs) {
      if (job.id() == checkpoint.job() && job.sweep() == request.sweep())
        *reply.add_checkpoints() = checkpoint;
    }
  }
  return reply;
}

Result<v1::ListMetricsReply> FakeApi::ListMetrics(const v1::ListMetricsRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  v1::ListMetricsReply reply;
  for (const v1::JobMetrics& of_job : metrics) {
    const auto job = std::ranges::find(jobs, of_job.job(), &v1::Job::id);
    const int64_t sweep = job == jobs.end() ? 0 : job->sweep();
    if (request.job() != 0 ? request.job() != of_job.job() : request.sweep() != sweep) continue;
    v1::JobMetrics some;
    some.set_job(of_job.job());
    for (const v1::MetricPoint& point : of_job.points()) {
      if (request.series().empty() || request.series() == point.series())
        *some.add_points() = point;
    }
    if (!some.points().empty()) *reply.add_jobs() = some;
  }
  return reply;
}

Result<v1::ListLogsReply> FakeApi::ListLogs(const v1::ListLogsRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  v1::ListLogsReply reply;
  int64_t cursor = 0;
  for (const v1::LogLine& line : logs) {
    if (line.job() != request.job()) continue;
    if (++cursor <= request.after()) continue;
    if (request.attempt() == 0 || request.attempt() == line.attempt()) *reply.add_lines() = line;
  }
  reply.set_cursor(cursor);
  return reply;
}

Result<v1::ListEventsReply> FakeApi::ListEvents(const v1::ListEventsRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  v1::ListEventsReply reply;
  for (const v1::Event& event : events) {
    if (event.sweep() == request.sweep() && event.id() > request.after() &&
        (request.job() == 0 || request.job() == event.job()))
      *reply.add_events() = event;
  }
  return reply;
}

Result<v1::ListWorkersReply> FakeApi::ListWorkers(const v1::ListWorkersRequest&) {
  EIDA_RETURN_IF_ERROR(failure);
  v1::ListWorkersReply reply;
  for (const v1::Worker& worker : workers) *reply.add_workers() = worker;
  return reply;
}

Result<v1::DrainWorkerReply> FakeApi::DrainWorker(const v1::DrainWorkerRequest& request) {
  EIDA_RETURN_IF_ERROR(failure);
  drained.push_back(request);
  return v1::DrainWorkerReply();
}

Result<v1::StatusReply> FakeApi::Status(const v1::StatusRequest&) {
  EIDA_RETURN_IF_ERROR(failure);
  v1::StatusReply reply;
  reply.set_version("0.0");
  reply.set_workers(static_cast<int>(workers.size()));
  reply.set_sweeps(static_cast<int64_t>(sweeps.size()));
  (*reply.mutable_jobs_by_state())["running"] = 2;
  return reply;
}

eida::Status FakeApi::Watch(SweepId sweep,
                            const std::function<bool(const v1::SweepProgress&)>& show) {
  EIDA_RETURN_IF_ERROR(failure);
  const std::vector<v1::SweepProgress>& states = progress[sweep.value()];
  if (states.empty()) return NotFound("sweep " + sweep.ToString() + " does not exist");
  for (size_t i = 0; i < kMostStates; ++i) {
    const v1::SweepProgress& state = states[std::min(i, states.size() - 1)];
    if (between) between();
    if (!show(state)) return OkStatus();
    if (i + 1 >= states.size() && state.sweep().state() != v1::SWEEP_STATE_RUNNING)
      return OkStatus();
  }
  return Internal("followed for ever");
}

Result<std::vector<bool>> FakeApi::Has(const std::vector<Digest>& digests) {
  EIDA_RETURN_IF_ERROR(failure);
  return std::vector<bool>(digests.size(), false);
}

eida::Status FakeApi::Put(const std::string& path, const Digest&, int64_t) {
  EIDA_RETURN_IF_ERROR(failure);
  uploads.push_back(path);
  return OkStatus();
}

Result<std::string> FakeApi::Get(const Digest& digest) {
  EIDA_RETURN_IF_ERROR(failure);
  const auto found = artifacts.find(digest.str());
  if (found == artifacts.end()) return NotFound("there is no artifact " + digest.str());
  return found->second;
}

eida::Status FakeApi::GetFile(const Digest& digest, const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(const std::string content, Get(digest));
  return WriteFileAtomic(path, content);
}

}  // namespace eida::client
