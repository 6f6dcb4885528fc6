#include "common/wire/messages.h"

#include "common/wire/enums.h"

namespace eida::wire {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

v1::GrantJob ToProto(const GrantJob& job) {
  v1::GrantJob out;
  out.set_job(job.job.value());
  out.set_attempt(job.attempt);
  out.set_kind(wire::ToProto(job.kind));
  out.set_name(job.name);
  out.set_spec(job.spec);
  for (const ArtifactRef& input : job.inputs) *out.add_inputs() = wire::ToProto(input);
  for (const MissingInput& input : job.missing) {
    v1::MissingInput& item = *out.add_missing();
    item.set_role(input.role);
    item.set_reason(input.reason);
  }
  if (job.resume) *out.mutable_resume() = wire::ToProto(*job.resume);
  return out;
}

Result<GrantJob> FromProto(const v1::GrantJob& message) {
  GrantJob out;
  out.job = JobId(message.job());
  out.attempt = message.attempt();
  EIDA_ASSIGN_OR_RETURN(out.kind, EnumFromProto<JobKind>(message.kind(), "GrantJob.kind"));
  out.name = message.name();
  out.spec = message.spec();
  for (const v1::Artifact& item : message.inputs()) {
    EIDA_ASSIGN_OR_RETURN(ArtifactRef input, wire::FromProto(item));
    out.inputs.push_back(std::move(input));
  }
  for (const v1::MissingInput& item : message.missing())
    out.missing.push_back({item.role(), item.reason()});
  if (message.has_resume()) {
    EIDA_ASSIGN_OR_RETURN(ArtifactRef resume, wire::FromProto(message.resume()));
    out.resume = std::move(resume);
  }
  return out;
}

v1::ReportItem ToProto(const ReportItem& item) {
  v1::ReportItem out;
  std::visit(Overloaded{
                 [&](const Started&) { out.mutable_started(); },
                 [&](const Progress& p) { *out.mutable_progress() = wire::ToProto(p); },
                 [&](const Metrics& m) {
                   auto* points = out.mutable_metrics();
                   for (const MetricPoint& p : m.points) *points->add_points() = wire::ToProto(p);
                 },
                 [&](const CheckpointMade& c) {
                   out.mutable_checkpoint()->set_step(c.step);
                   out.mutable_checkpoint()->set_metrics(c.metrics);
                   *out.mutable_checkpoint()->mutable_artifact() = wire::ToProto(c.artifact);
                 },
                 [&](const LogText& l) {
                   out.mutable_log()->set_seq(l.seq);
                   out.mutable_log()->set_at_ms(l.at.ms);
                   out.mutable_log()->set_text(l.text);
                 },
                 [&](const Finished& f) {
                   auto* finished = out.mutable_finished();
                   finished->set_error(wire::ToProto(f.error));
                   finished->set_message(f.message);
                   finished->set_summary(f.summary);
                   for (const ArtifactRef& a : f.artifacts) {
                     *finished->add_artifacts() = wire::ToProto(a);
                   }
                 },
             },
             item);
  return out;
}

Result<ReportItem> FinishedFromProto(const v1::Finished& message) {
  Finished out;
  EIDA_ASSIGN_OR_RETURN(out.error, EnumFromProto<ErrorClass>(message.error(), "Finished.error"));
  out.message = message.message();
  out.summary = message.summary();
  for (const v1::Artifact& item : message.artifacts()) {
    EIDA_ASSIGN_OR_RETURN(ArtifactRef artifact, wire::FromProto(item));
    out.artifacts.push_back(std::move(artifact));
  }
  return ReportItem(std::move(out));
}

Result<ReportItem> FromProto(const v1::ReportItem& message) {
  switch (message.item_case()) {
    case v1::ReportItem::kStarted:
      return ReportItem(Started{});
    case v1::ReportItem::kProgress:
      return ReportItem(wire::FromProto(message.progress()));
    case v1::ReportItem::kMetrics: {
      Metrics out;
      for (const v1::MetricPoint& p : message.metrics().points()) {
        out.points.push_back(wire::FromProto(p));
      }
      return ReportItem(std::move(out));
    }
    case v1::ReportItem::kCheckpoint: {
      const v1::CheckpointMade& c = message.checkpoint();
      EIDA_ASSIGN_OR_RETURN(ArtifactRef artifact, wire::FromProto(c.artifact()));
      return ReportItem(CheckpointMade{c.step(), c.metrics(), std::move(artifact)});
    }
    case v1::ReportItem::kLog: {
      const v1::LogText& l = message.log();
      return ReportItem(LogText{l.seq(), WallTime{l.at_ms()}, l.text()});
    }
    case v1::ReportItem::kFinished:
      return FinishedFromProto(message.finished());
    case v1::ReportItem::ITEM_NOT_SET:
      break;
  }
  return InvalidArgument(
      "ReportItem.item: nothing this version knows; use the same version of Eida on both sides");
}

}  // namespace

v1::Grant ToProto(const Grant& grant) {
  v1::Grant out;
  out.set_lease(grant.lease.value());
  for (const int slot : grant.slots) out.add_slots(slot);
  for (const GrantJob& job : grant.jobs) *out.add_jobs() = ToProto(job);
  return out;
}

Result<Grant> FromProto(const v1::Grant& message) {
  Grant out{LeaseId(message.lease()), {message.slots().begin(), message.slots().end()}, {}};
  for (const v1::GrantJob& item : message.jobs()) {
    EIDA_ASSIGN_OR_RETURN(GrantJob job, FromProto(item));
    out.jobs.push_back(std::move(job));
  }
  return out;
}

v1::SyncRequest ToProto(const SyncRequest& request) {
  v1::SyncRequest out;
  *out.mutable_worker() = ToProto(request.worker);
  for (const LeaseId lease : request.held) out.add_held(lease.value());
  out.set_draining(request.draining);
  out.set_wait_ms(request.wait.count());
  return out;
}

Result<SyncRequest> FromProto(const v1::SyncRequest& message) {
  SyncRequest out;
  EIDA_ASSIGN_OR_RETURN(out.worker, FromProto(message.worker()));
  if (out.worker.id.empty() || out.worker.session.empty()) {
    return InvalidArgument("SyncRequest.worker: id and session must be set");
  }
  for (const int64_t lease : message.held()) out.held.push_back(LeaseId(lease));
  out.draining = message.draining();
  out.wait = Millis(message.wait_ms());
  return out;
}

v1::SyncReply ToProto(const SyncReply& reply) {
  v1::SyncReply out;
  for (const Grant& grant : reply.grants) *out.add_grants() = ToProto(grant);
  for (const LeaseId lease : reply.revoked) out.add_revoked(lease.value());
  out.set_lease_ttl_ms(reply.lease_ttl.count());
  return out;
}

Result<SyncReply> FromProto(const v1::SyncReply& message) {
  SyncReply out;
  for (const v1::Grant& item : message.grants()) {
    EIDA_ASSIGN_OR_RETURN(Grant grant, FromProto(item));
    out.grants.push_back(std::move(grant));
  }
  for (const int64_t lease : message.revoked()) out.revoked.push_back(LeaseId(lease));
  out.lease_ttl = Millis(message.lease_ttl_ms());
  return out;
}

v1::JobReport ToProto(const JobReport& report) {
  v1::JobReport out;
  out.set_job(report.job.value());
  out.set_attempt(report.attempt);
  for (const ReportItem& item : report.items) *out.add_items() = ToProto(item);
  return out;
}

Result<JobReport> FromProto(const v1::JobReport& message) {
  JobReport out{JobId(message.job()), message.attempt(), {}};
  for (const v1::ReportItem& item : message.items()) {
    EIDA_ASSIGN_OR_RETURN(ReportItem mapped, FromProto(item));
    out.items.push_back(std::move(mapped));
  }
  return out;
}

v1::ReportRequest ToProto(const ReportBatch& batch) {
  v1::ReportRequest out;
  out.set_worker(batch.worker.str());
  out.set_session(batch.session);
  for (const JobReport& report : batch.reports) *out.add_reports() = ToProto(report);
  return out;
}

Result<ReportBatch> FromProto(const v1::ReportRequest& message) {
  ReportBatch out{WorkerId(message.worker()), message.session(), {}};
  for (const v1::JobReport& item : message.reports()) {
    EIDA_ASSIGN_OR_RETURN(JobReport report, FromProto(item));
    out.reports.push_back(std::move(report));
  }
  return out;
}

v1::ReportReply ToProto(const std::vector<ReportVerdict>& verdicts) {
  v1::ReportReply out;
  for (const ReportVerdict v : verdicts) out.add_accepted(v == ReportVerdict::kAccepted);
  return out;
}

Result<std::vector<ReportVerdict>> FromProto(const v1::ReportReply& message, size_t expected) {
  if (static_cast<size_t>(message.accepted_size()) != expected) {
    return Internal("ReportReply: " + std::to_string(message.accepted_size()) + " verdicts for " +
                    std::to_string(expected) +
                    " reports; use the same version of Eida on both sides");
  }
  std::vector<ReportVerdict> out;
  for (const bool accepted : message.accepted()) {
    out.push_back(accepted ? ReportVerdict::kAccepted : ReportVerdict::kStale);
  }
  return out;
}

}  // namespace eida::wire
