// The two big records: sweeps and jobs.
#include <algorithm>

#include "common/wire/enums.h"
#include "common/wire/records.h"

namespace eida::wire {

v1::Sweep ToProto(const SweepRecord& sweep, const JobCounts& jobs_by_state) {
  v1::Sweep out;
  out.set_id(sweep.id.value());
  out.set_name(sweep.name);
  out.set_description(sweep.description);
  for (const auto& [key, value] : sweep.labels) (*out.mutable_labels())[key] = value;
  out.set_source(sweep.source);
  out.set_resolved(sweep.resolved);
  out.set_fingerprint(sweep.fingerprint.str());
  out.set_state(ToProto(sweep.state));
  out.set_created_ms(sweep.created.ms);
  out.set_finished_ms(sweep.finished.ms);
  out.set_priority(sweep.priority);
  for (const auto& [state, count] : jobs_by_state) (*out.mutable_jobs_by_state())[state] = count;
  return out;
}

Result<SweepRecord> FromProto(const v1::Sweep& message) {
  SweepRecord out;
  out.id = SweepId(message.id());
  out.name = message.name();
  out.description = message.description();
  out.labels = {message.labels().begin(), message.labels().end()};
  out.source = message.source();
  out.resolved = message.resolved();
  out.fingerprint = Fingerprint(message.fingerprint());
  EIDA_ASSIGN_OR_RETURN(out.state, EnumFromProto<SweepState>(message.state(), "Sweep.state"));
  out.created.ms = message.created_ms();
  out.finished.ms = message.finished_ms();
  out.priority = message.priority();
  return out;
}

v1::Job ToProto(const JobRecord& job, const Progress* progress) {
  v1::Job out;
  const JobSpec& spec = job.spec;
  out.set_id(spec.id.value());
  out.set_sweep(spec.sweep.value());
  out.set_run(spec.run.value());
  out.set_kind(ToProto(spec.kind));
  out.set_name(spec.name);
  out.set_spec(spec.spec);
  out.set_fingerprint(spec.fingerprint.str());
  for (const JobInput& input : spec.inputs) *out.add_inputs() = ToProto(input);
  for (const ParentEdge& edge : spec.parents) *out.add_parents() = ToProto(edge);
  out.set_cost(spec.cost);
  out.set_slots(spec.slots);
  out.set_quorum(spec.quorum);
  const JobStatus& status = job.status;
  out.set_state(ToProto(status.state));
  out.set_attempt(status.attempt);
  out.set_failures(status.failures);
  out.set_free_failures(status.free_failures);
  out.set_reused_from(status.reused_from.value());
  out.set_cause(status.cause.value());
  out.set_lacking(status.lacking);
  out.set_error(ToProto(status.error));
  out.set_error_message(status.error_message);
  out.set_summary(status.summary);
  out.set_worker(status.worker.str());
  out.set_created_ms(status.created.ms);
  out.set_ready_ms(status.ready_at.ms);
  out.set_started_ms(status.started.ms);
  out.set_finished_ms(status.finished.ms);
  out.set_retry_ms(status.retry_at.ms);
  for (const ArtifactRef& artifact : job.artifacts) *out.add_artifacts() = ToProto(artifact);
  if (progress != nullptr) *out.mutable_progress() = ToProto(*progress);
  return out;
}

Result<JobRecord> FromProto(const v1::Job& message) {
  JobRecord out;
  JobSpec& spec = out.spec;
  spec.id = JobId(message.id());
  spec.sweep = SweepId(message.sweep());
  spec.run = RunId(message.run());
  EIDA_ASSIGN_OR_RETURN(spec.kind, EnumFromProto<JobKind>(message.kind(), "Job.kind"));
  spec.name = message.name();
  spec.spec = message.spec();
  spec.fingerprint = Fingerprint(message.fingerprint());
  for (const v1::JobInput& item : message.inputs()) {
    EIDA_ASSIGN_OR_RETURN(JobInput input, FromProto(item));
    spec.inputs.push_back(std::move(input));
  }
  for (const v1::ParentEdge& item : message.parents()) spec.parents.push_back(FromProto(item));
  spec.cost = message.cost();
  spec.slots = std::max(1, message.slots());
  spec.quorum = message.quorum();
  JobStatus& status = out.status;
  EIDA_ASSIGN_OR_RETURN(status.state, EnumFromProto<JobState>(message.state(), "Job.state"));
  status.attempt = message.attempt();
  status.failures = message.failures();
  status.free_failures = message.free_failures();
  status.reused_from = JobId(message.reused_from());
  status.cause = JobId(message.cause());
  status.lacking = message.lacking();
  EIDA_ASSIGN_OR_RETURN(status.error, EnumFromProto<ErrorClass>(message.error(), "Job.error"));
  status.error_message = message.error_message();
  status.summary = message.summary();
  status.worker = WorkerId(message.worker());
  status.created.ms = message.created_ms();
  status.ready_at.ms = message.ready_ms();
  status.started.ms = message.started_ms();
  status.finished.ms = message.finished_ms();
  status.retry_at.ms = message.retry_ms();
  for (const v1::Artifact& item : message.artifacts()) {
    EIDA_ASSIGN_OR_RETURN(ArtifactRef artifact, FromProto(item));
    out.artifacts.push_back(std::move(artifact));
  }
  return out;
}

}  // namespace eida::wire
