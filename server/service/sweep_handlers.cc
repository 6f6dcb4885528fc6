#include "common/wire/enums.h"
#include "common/wire/records.h"
#include "server/service/handlers.h"

namespace eida::service {
namespace {

// Answers `done` with an error, or with what `make` turns the value into.
template <class Reply, class T, class Make>
Done<T> Into(Done<Reply> done, Make make) {
  return [done = std::move(done), make = std::move(make)](Result<T> result) {
    if (!result.ok()) return done(result.status());
    Reply reply;
    make(*result, reply);
    done(std::move(reply));
  };
}

template <class Ids>
std::vector<JobId> ToJobIds(const Ids& ids) {
  std::vector<JobId> out;
  for (const int64_t id : ids) out.push_back(JobId(id));
  return out;
}

}  // namespace

SweepHandlers::SweepHandlers(Scheduler& scheduler, Records& records, Content& content,
                             Planner& planner, const Clock& clock)
    : scheduler_(scheduler),
      records_(records),
      content_(content),
      planner_(planner),
      started_(clock.Read().wall) {}

Result<SweepRow> SweepHandlers::Find(SweepId sweep) {
  EIDA_ASSIGN_OR_RETURN(std::vector<SweepRow> rows, records_.Sweeps({sweep}, false));
  if (rows.empty())
    return NotFound("sweep " + sweep.ToString() +
                    ": there is none; `eidactl get sweeps` lists those that are");
  return std::move(rows[0]);
}

void SweepHandlers::Submit(const v1::SubmitRequest& request, Done<v1::SubmitReply> done) {
  Result<Planned> planned = planner_.Plan(request);
  if (!planned.ok()) return done(planned.status());
  AddSweep plan = std::move(planned->plan);
  plan.sweep.idempotency_key = request.idempotency_key();
  const auto make = [warnings = std::move(planned->warnings)](const Submitted& submitted,
                                                              v1::SubmitReply& reply) {
    reply.set_sweep(submitted.sweep.value());
    reply.set_attached(submitted.attached);
    reply.set_jobs(submitted.jobs);
    reply.set_reused(submitted.reused);
    for (const std::string& warning : warnings) reply.add_warnings(warning);
  };
  scheduler_.Submit(std::move(plan), request.attach(),
                    Into<v1::SubmitReply, Submitted>(std::move(done), make));
}

void SweepHandlers::Export(const v1::ExportRequest& request, Done<v1::ExportReply> done) {
  const SweepId sweep(request.sweep());
  const Result<SweepRow> row = Find(sweep);
  if (!row.ok()) return done(row.status());
  const auto jobs = records_.Jobs({.sweep = sweep, .with_spec = true});
  if (!jobs.ok()) return done(jobs.status());
  const auto runs = records_.Runs(sweep);
  if (!runs.ok()) return done(runs.status());
  Result<JobRecord> job = planner_.PlanExport(*jobs, *runs, request);
  if (!job.ok()) return done(job.status());
  job->spec.sweep = sweep;
  scheduler_.AddJob(std::move(*job), Into<v1::ExportReply, JobId>(
                                         std::move(done), [](JobId id, v1::ExportReply& reply) {
                                           reply.set_job(id.value());
                                         }));
}

void SweepHandlers::Cancel(const v1::CancelRequest& request, Done<v1::CancelReply> done) {
  scheduler_.Cancel(
      SweepId(request.sweep()), ToJobIds(request.jobs()),
      Into<v1::CancelReply, int64_t>(
          std::move(done), [](int64_t n, v1::CancelReply& reply) { reply.set_cancelled(n); }));
}

void SweepHandlers::Retry(const v1::RetryRequest& request, Done<v1::RetryReply> done) {
  ErrorClass filter = ErrorClass::kNone;
  if (!request.error_class().empty()) {
    const auto parsed = ParseEnum<ErrorClass>(request.error_class());
    if (!parsed.ok()) return done(parsed.status());
    filter = *parsed;
  }
  scheduler_.Retry(
      SweepId(request.sweep()), ToJobIds(request.jobs()), filter,
      Into<v1::RetryReply, int64_t>(
          std::move(done), [](int64_t n, v1::RetryReply& reply) { reply.set_retried(n); }));
}

void SweepHandlers::DrainWorker(const v1::DrainWorkerRequest& request,
                                Done<v1::DrainWorkerReply> done) {
  scheduler_.Drain(
      WorkerId(request.worker()), !request.undrain(),
      Into<v1::DrainWorkerReply, bool>(std::move(done), [](bool, v1::DrainWorkerReply&) {}));
}

void SweepHandlers::ListWorkers(const v1::ListWorkersRequest&, Done<v1::ListWorkersReply> done) {
  using Workers = std::vector<WorkerLive>;
  scheduler_.Workers(Into<v1::ListWorkersReply, Workers>(
      std::move(done), [](const Workers& workers, v1::ListWorkersReply& reply) {
        for (const WorkerLive& worker : workers) {
          v1::Worker* out = reply.add_workers();
          *out = wire::ToProto(worker.record);
          out->clear_slots();
          for (const SlotLive& slot : worker.slots)
            *out->add_slots() = wire::ToProto(slot.info, slot.lease, slot.jobs);
        }
      }));
}

void SweepHandlers::Status(const v1::StatusRequest&, Done<v1::StatusReply> done) {
  const auto make = [this](const TotalsLive& totals, v1::StatusReply& reply) {
    reply.set_version(EIDA_VERSION);
    reply.set_started_ms(started_.ms);
    reply.set_workers(totals.workers);
    reply.set_slots_total(totals.slots_total);
    reply.set_slots_busy(totals.slots_busy);
    for (const auto& [state, n] : totals.jobs_by_state) (*reply.mutable_jobs_by_state())[state] = n;
    reply.set_sweeps(totals.sweeps);
    reply.set_store_bytes(content_.StoredBytes());
    reply.set_free_bytes(content_.FreeBytes());
    reply.set_schema(records_.SchemaVersion());
  };
  scheduler_.Totals(Into<v1::StatusReply, TotalsLive>(std::move(done), make));
}

}  // namespace eida::service
