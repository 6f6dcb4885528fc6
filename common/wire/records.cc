#include "common/wire/records.h"

#include "common/base/digest.h"
#include "common/wire/enums.h"

namespace eida::wire {
namespace {

Result<Digest> ToDigest(const std::string& text, const char* field) {
  if (!IsDigest(text)) {
    return InvalidArgument(std::string(field) + ": \"" + text +
                           "\" is not a SHA-256 digest (64 lower-case hex digits)");
  }
  return Digest(text);
}

}  // namespace

v1::Artifact ToProto(const ArtifactRef& artifact) {
  v1::Artifact out;
  out.set_name(artifact.name);
  out.set_kind(artifact.kind);
  out.set_digest(artifact.digest.str());
  out.set_size(artifact.size);
  out.set_meta(artifact.meta);
  return out;
}

Result<ArtifactRef> FromProto(const v1::Artifact& message) {
  ArtifactRef out;
  out.name = message.name();
  out.kind = message.kind();
  EIDA_ASSIGN_OR_RETURN(out.digest, ToDigest(message.digest(), "Artifact.digest"));
  if (message.size() < 0) {
    return InvalidArgument("Artifact.size: " + std::to_string(message.size()) + " is negative");
  }
  out.size = message.size();
  out.meta = message.meta();
  return out;
}

v1::JobInput ToProto(const JobInput& input) {
  v1::JobInput out;
  out.set_name(input.name);
  out.set_digest(input.digest.str());
  return out;
}

Result<JobInput> FromProto(const v1::JobInput& message) {
  JobInput out;
  out.name = message.name();
  EIDA_ASSIGN_OR_RETURN(out.digest, ToDigest(message.digest(), "JobInput.digest"));
  return out;
}

v1::ParentEdge ToProto(const ParentEdge& edge) {
  v1::ParentEdge out;
  out.set_role(edge.role);
  out.set_parent(edge.parent.value());
  out.set_artifact(edge.artifact);
  out.set_shortcut(edge.shortcut);
  return out;
}

ParentEdge FromProto(const v1::ParentEdge& message) {
  return {message.role(), JobId(message.parent()), message.artifact(), message.shortcut()};
}

v1::MetricPoint ToProto(const MetricPoint& point) {
  v1::MetricPoint out;
  out.set_series(point.series);
  out.set_step(point.step);
  out.set_value(point.value);
  return out;
}

MetricPoint FromProto(const v1::MetricPoint& message) {
  return {message.series(), message.step(), message.value()};
}

v1::Progress ToProto(const Progress& progress) {
  v1::Progress out;
  out.set_done(progress.done);
  out.set_total(progress.total);
  out.set_unit(progress.unit);
  return out;
}

Progress FromProto(const v1::Progress& message) {
  return {message.done(), message.total(), message.unit()};
}

v1::LogLine ToProto(const LogLine& line) {
  v1::LogLine out;
  out.set_job(line.job.value());
  out.set_attempt(line.attempt);
  out.set_seq(line.seq);
  out.set_at_ms(line.at.ms);
  out.set_text(line.text);
  return out;
}

LogLine FromProto(const v1::LogLine& message) {
  return {JobId(message.job()), message.attempt(), message.seq(), WallTime{message.at_ms()},
          message.text()};
}

v1::Event ToProto(const EventRecord& event) {
  v1::Event out;
  out.set_id(event.id);
  out.set_at_ms(event.at.ms);
  out.set_sweep(event.sweep.value());
  out.set_job(event.job.value());
  out.set_attempt(event.attempt);
  out.set_worker(event.worker.str());
  out.set_type(event.type);
  out.set_message(event.message);
  return out;
}

EventRecord FromProto(const v1::Event& message) {
  return {message.id(),         WallTime{message.at_ms()}, SweepId(message.sweep()),
          JobId(message.job()), message.attempt(),         WorkerId(message.worker()),
          message.type(),       message.message()};
}

v1::Checkpoint ToProto(const CheckpointRecord& checkpoint) {
  v1::Checkpoint out;
  out.set_job(checkpoint.job.value());
  out.set_attempt(checkpoint.attempt);
  out.set_step(checkpoint.step);
  out.set_metrics(checkpoint.metrics);
  *out.mutable_artifact() = ToProto(checkpoint.artifact);
  out.set_at_ms(checkpoint.at.ms);
  return out;
}

Result<CheckpointRecord> FromProto(const v1::Checkpoint& message) {
  CheckpointRecord out;
  out.job = JobId(message.job());
  out.attempt = message.attempt();
  out.step = message.step();
  out.metrics = message.metrics();
  EIDA_ASSIGN_OR_RETURN(out.artifact, FromProto(message.artifact()));
  out.at.ms = message.at_ms();
  return out;
}

v1::Run ToProto(const RunRecord& run) {
  v1::Run out;
  out.set_id(run.id.value());
  out.set_sweep(run.sweep.value());
  out.set_index(run.index);
  out.set_name(run.name);
  out.set_variant(run.variant);
  out.set_seed(run.seed);
  out.set_settings(run.settings);
  out.set_train_job(run.train_job.value());
  out.set_trainable_parameters(run.trainable_parameters);
  out.set_base_parameters(run.base_parameters);
  return out;
}

RunRecord FromProto(const v1::Run& message) {
  RunRecord out;
  out.id = RunId(message.id());
  out.sweep = SweepId(message.sweep());
  out.index = message.index();
  out.name = message.name();
  out.variant = message.variant();
  out.seed = message.seed();
  out.settings = message.settings();
  out.train_job = JobId(message.train_job());
  out.trainable_parameters = message.trainable_parameters();
  out.base_parameters = message.base_parameters();
  return out;
}

v1::Slot ToProto(const SlotInfo& slot, LeaseId lease, const std::vector<std::string>& jobs) {
  v1::Slot out;
  out.set_index(slot.index);
  out.set_device(slot.device);
  for (const int cpu : slot.cpus) out.add_cpus(cpu);
  out.set_lease(lease.value());
  for (const std::string& job : jobs) out.add_jobs(job);
  return out;
}

SlotInfo FromProto(const v1::Slot& message) {
  return {message.index(), message.device(), {message.cpus().begin(), message.cpus().end()}};
}

v1::Worker ToProto(const WorkerRecord& worker) {
  v1::Worker out;
  out.set_id(worker.id.str());
  out.set_session(worker.session);
  out.set_host(worker.host);
  out.set_version(worker.version);
  out.set_pid(worker.pid);
  for (const SlotInfo& slot : worker.slots) *out.add_slots() = ToProto(slot);
  out.set_state(ToProto(worker.state));
  out.set_joined_ms(worker.joined.ms);
  out.set_last_seen_ms(worker.last_seen.ms);
  return out;
}

Result<WorkerRecord> FromProto(const v1::Worker& message) {
  WorkerRecord out;
  out.id = WorkerId(message.id());
  out.session = message.session();
  out.host = message.host();
  out.version = message.version();
  out.pid = message.pid();
  for (const v1::Slot& slot : message.slots()) out.slots.push_back(FromProto(slot));
  if (message.state() != v1::WORKER_STATE_UNSPECIFIED) {
    EIDA_ASSIGN_OR_RETURN(out.state, EnumFromProto<WorkerState>(message.state(), "Worker.state"));
  }
  out.joined.ms = message.joined_ms();
  out.last_seen.ms = message.last_seen_ms();
  return out;
}

}  // namespace eida::wire
