// The List calls: read from the store, never through the loop, except for the live progress of
// jobs.
#include <algorithm>

#include "common/wire/enums.h"
#include "common/wire/records.h"
#include "server/service/handlers.h"

namespace eida::service {
namespace {

constexpr int64_t kMaxPage = 10'000;

int64_t PageSize(int64_t limit) { return limit <= 0 ? 1000 : std::min(limit, kMaxPage); }

}  // namespace

void SweepHandlers::ListSweeps(const v1::ListSweepsRequest& request,
                               Done<v1::ListSweepsReply> done) {
  std::vector<SweepId> ids;
  for (const int64_t id : request.ids()) ids.push_back(SweepId(id));
  const auto rows = records_.Sweeps(ids, request.with_source());
  if (!rows.ok()) return done(rows.status());
  for (const SweepId id : ids) {
    const bool found = std::any_of(rows->begin(), rows->end(),
                                   [id](const SweepRow& row) { return row.sweep.id == id; });
    if (!found) return done(Find(id).status());
  }
  v1::ListSweepsReply reply;
  for (const SweepRow& row : *rows)
    *reply.add_sweeps() = wire::ToProto(row.sweep, row.jobs_by_state);
  done(std::move(reply));
}

void SweepHandlers::ListRuns(const v1::ListRunsRequest& request, Done<v1::ListRunsReply> done) {
  const Result<SweepRow> row = Find(SweepId(request.sweep()));
  if (!row.ok()) return done(row.status());
  const auto runs = records_.Runs(row->sweep.id);
  if (!runs.ok()) return done(runs.status());
  v1::ListRunsReply reply;
  for (const RunRecord& run : *runs) *reply.add_runs() = wire::ToProto(run);
  done(std::move(reply));
}

void SweepHandlers::ListJobs(const v1::ListJobsRequest& request, Done<v1::ListJobsReply> done) {
  JobQuery query{.sweep = SweepId(request.sweep()), .with_spec = request.with_spec()};
  if (!query.sweep && request.ids().empty())
    return done(InvalidArgument("ListJobs: name a sweep or job ids"));
  if (query.sweep) {
    const Result<SweepRow> row = Find(query.sweep);
    if (!row.ok()) return done(row.status());
  }
  for (const int kind : request.kinds()) {
    const auto parsed = wire::EnumFromProto<JobKind>(kind, "ListJobsRequest.kinds");
    if (!parsed.ok()) return done(parsed.status());
    query.kinds.push_back(*parsed);
  }
  for (const int64_t id : request.ids()) query.ids.push_back(JobId(id));
  auto jobs = records_.Jobs(query);
  if (!jobs.ok()) return done(jobs.status());
  for (const JobId id : query.ids) {
    const bool found = std::any_of(jobs->begin(), jobs->end(),
                                   [id](const JobRecord& job) { return job.spec.id == id; });
    if (!found) {
      return done(NotFound("job " + id.ToString() + ": there is none" +
                           (query.sweep ? " in sweep " + query.sweep.ToString() : std::string()) +
                           "; `eidactl get jobs` lists those that are"));
    }
  }
  scheduler_.JobsLive(query.sweep, [done = std::move(done), jobs = std::move(*jobs)](
                                       const Result<std::map<JobId, JobLive>>& live) {
    if (!live.ok()) return done(live.status());
    v1::ListJobsReply reply;
    for (const JobRecord& job : jobs) {
      const auto it = live->find(job.spec.id);
      const JobLive now = it == live->end() ? JobLive{} : it->second;
      v1::Job& out = *reply.add_jobs();
      out = wire::ToProto(job, now.progress ? &*now.progress : nullptr);
      out.set_waits(now.waits);
    }
    done(std::move(reply));
  });
}

void SweepHandlers::ListCheckpoints(const v1::ListCheckpointsRequest& request,
                                    Done<v1::ListCheckpointsReply> done) {
  const auto rows = records_.Checkpoints(SweepId(request.sweep()), JobId(request.job()));
  if (!rows.ok()) return done(rows.status());
  v1::ListCheckpointsReply reply;
  for (const CheckpointRecord& row : *rows) *reply.add_checkpoints() = wire::ToProto(row);
  done(std::move(reply));
}

void SweepHandlers::ListMetrics(const v1::ListMetricsRequest& request,
                                Done<v1::ListMetricsReply> done) {
  const auto rows =
      records_.Metrics(SweepId(request.sweep()), JobId(request.job()), request.series());
  if (!rows.ok()) return done(rows.status());
  v1::ListMetricsReply reply;
  for (const JobSeries& row : *rows) {
    v1::JobMetrics* out = reply.add_jobs();
    out->set_job(row.job.value());
    for (const MetricPoint& point : row.points) *out->add_points() = wire::ToProto(point);
  }
  done(std::move(reply));
}

void SweepHandlers::ListLogs(const v1::ListLogsRequest& request, Done<v1::ListLogsReply> done) {
  const auto page = records_.Logs(JobId(request.job()), request.attempt(), request.after(),
                                  PageSize(request.limit()));
  if (!page.ok()) return done(page.status());
  v1::ListLogsReply reply;
  for (const LogLine& line : page->lines) *reply.add_lines() = wire::ToProto(line);
  reply.set_cursor(page->cursor);
  done(std::move(reply));
}

void SweepHandlers::ListEvents(const v1::ListEventsRequest& request,
                               Done<v1::ListEventsReply> done) {
  const auto rows = records_.Events({.sweep = SweepId(request.sweep()),
                                     .job = JobId(request.job()),
                                     .after = request.after(),
                                     .limit = PageSize(request.limit())});
  if (!rows.ok()) return done(rows.status());
  v1::ListEventsReply reply;
  for (const EventRecord& row : *rows) *reply.add_events() = wire::ToProto(row);
  done(std::move(reply));
}

}  // namespace eida::service
