#include "server/store/rows.h"

#include "common/base/json.h"

namespace eida::store {
namespace {

// What we wrote ourselves; unreadable means that the file is damaged.
Json Parsed(const std::string& text, const char* column) {
  Result<Json> json = ParseJson(text, column);
  if (!json.ok()) throw SQLite::Exception(Message(json.status()), SQLITE_CORRUPT);
  return std::move(json).value();
}

RetryPolicy ReadRetries(const std::string& text) {
  const Json json = Parsed(text, "sweeps.retries");
  RetryPolicy policy;
  policy.max = GetOr(json, "max", policy.max);
  policy.max_free = GetOr(json, "max_free", policy.max_free);
  policy.backoff = Millis(GetOr<int64_t>(json, "backoff_ms", policy.backoff.count()));
  policy.max_backoff = Millis(GetOr<int64_t>(json, "max_backoff_ms", policy.max_backoff.count()));
  policy.never.clear();
  for (const int error : GetOr(json, "never", std::vector<int>{}))
    policy.never.push_back(ErrorClass(error));
  return policy;
}

}  // namespace

std::string RetriesJson(const RetryPolicy& policy) {
  std::vector<int> never;
  for (const ErrorClass error : policy.never) never.push_back(static_cast<int>(error));
  Json json;
  json["max"] = policy.max;
  json["max_free"] = policy.max_free;
  json["backoff_ms"] = policy.backoff.count();
  json["max_backoff_ms"] = policy.max_backoff.count();
  json["never"] = never;
  return Canonical(json);
}

std::string LabelsJson(const std::map<std::string, std::string>& labels) {
  return Canonical(Json(labels));
}

std::string InputsJson(const std::vector<JobInput>& inputs) {
  Json list = Json::array();
  for (const JobInput& input : inputs)
    list.push_back(Json::array({input.name, input.digest.str()}));
  return Canonical(list);
}

std::string SlotsJson(const std::vector<SlotInfo>& slots) {
  Json list = Json::array();
  for (const SlotInfo& slot : slots)
    list.push_back(Json::array({slot.index, slot.device, slot.cpus}));
  return Canonical(list);
}

SweepRecord ReadSweep(const Query& row) {
  SweepRecord sweep;
  sweep.id = row.IdAt<SweepId>(0);
  sweep.name = row.Text(1);
  sweep.description = row.Text(2);
  sweep.labels = Parsed(row.Text(3), "sweeps.labels").get<std::map<std::string, std::string>>();
  sweep.fingerprint = Fingerprint(row.Text(4));
  sweep.idempotency_key = row.Text(5);
  sweep.retries = ReadRetries(row.Text(6));
  sweep.max_parallel = static_cast<int>(row.Int(7));
  sweep.max_failures = static_cast<int>(row.Int(8));
  sweep.priority = static_cast<int>(row.Int(9));
  sweep.state = row.Enum<SweepState>(10);
  sweep.created = row.Time(11);
  sweep.finished = row.Time(12);
  return sweep;
}

RunRecord ReadRun(const Query& row) {
  RunRecord run;
  run.id = row.IdAt<RunId>(0);
  run.sweep = row.IdAt<SweepId>(1);
  run.index = static_cast<int>(row.Int(2));
  run.name = row.Text(3);
  run.variant = row.Text(4);
  run.seed = row.Int(5);
  run.settings = row.Text(6);
  run.train_job = row.IdAt<JobId>(7);
  run.trainable_parameters = row.Int(8);
  run.base_parameters = row.Int(9);
  return run;
}

JobRecord ReadJob(const Query& row) {
  JobRecord job;
  JobSpec& spec = job.spec;
  spec.id = row.IdAt<JobId>(0);
  spec.sweep = row.IdAt<SweepId>(1);
  spec.run = row.IdAt<RunId>(2);
  spec.kind = row.Enum<JobKind>(3);
  spec.name = row.Text(4);
  spec.fingerprint = Fingerprint(row.Text(5));
  spec.bundle_key = row.Text(6);
  spec.cost = row.Real(7);
  spec.slots = static_cast<int>(row.Int(8));
  JobStatus& status = job.status;
  status.state = row.Enum<JobState>(9);
  status.attempt = static_cast<Attempt>(row.Int(10));
  status.failures = static_cast<int>(row.Int(11));
  status.free_failures = static_cast<int>(row.Int(12));
  status.reused_from = row.IdAt<JobId>(13);
  status.cause = row.IdAt<JobId>(14);
  status.error = row.Enum<ErrorClass>(15);
  status.error_message = row.Text(16);
  status.summary = row.Text(17);
  status.worker = WorkerId(row.Text(18));
  status.created = row.Time(19);
  status.ready_at = row.Time(20);
  status.started = row.Time(21);
  status.finished = row.Time(22);
  status.retry_at = row.Time(23);
  spec.quorum = static_cast<int>(row.Int(24));
  status.lacking = static_cast<int>(row.Int(25));
  return job;
}

void ReadJobSpec(const Query& row, Db& db, TextCache& texts, JobSpec& spec) {
  spec.spec = texts.Fill(db, row.Text(kJobColumnCount));
  for (const Json& input : Parsed(texts.Get(db, row.Int(kJobColumnCount + 1)), "jobs.inputs")) {
    spec.inputs.push_back({input.at(0).get<std::string>(), Digest(input.at(1).get<std::string>())});
  }
}

ParentEdge ReadEdge(const Query& row) {
  return {row.Text(1), row.IdAt<JobId>(2), row.Text(3), row.Int(4) != 0};
}

ArtifactRef ReadArtifact(const Query& row, int first) {
  return {row.Text(first), row.Text(first + 1), Digest(row.Text(first + 2)), row.Int(first + 3),
          row.Text(first + 4)};
}

AttemptRecord ReadAttempt(const Query& row) {
  AttemptRecord attempt;
  attempt.job = row.IdAt<JobId>(0);
  attempt.attempt = static_cast<Attempt>(row.Int(1));
  attempt.lease = row.IdAt<LeaseId>(2);
  attempt.worker = WorkerId(row.Text(3));
  attempt.slots = Parsed(row.Text(4), "attempts.slots").get<std::vector<int>>();
  attempt.opened = row.Time(5);
  attempt.closed = row.Time(6);
  attempt.outcome = row.Text(7);
  attempt.message = row.Text(8);
  return attempt;
}

CheckpointRecord ReadCheckpoint(const Query& row) {
  CheckpointRecord checkpoint;
  checkpoint.job = row.IdAt<JobId>(0);
  checkpoint.attempt = static_cast<Attempt>(row.Int(1));
  checkpoint.step = row.Int(2);
  checkpoint.metrics = row.Text(3);
  checkpoint.at = row.Time(4);
  checkpoint.artifact = ReadArtifact(row, 5);
  return checkpoint;
}

WorkerRecord ReadWorker(const Query& row) {
  WorkerRecord worker;
  worker.id = WorkerId(row.Text(0));
  worker.session = row.Text(1);
  worker.host = row.Text(2);
  worker.version = row.Text(3);
  worker.pid = row.Int(4);
  for (const Json& slot : Parsed(row.Text(5), "workers.slots")) {
    worker.slots.push_back(
        {slot.at(0).get<int>(), slot.at(1).get<std::string>(), slot.at(2).get<std::vector<int>>()});
  }
  worker.state = row.Enum<WorkerState>(6);
  worker.joined = row.Time(7);
  worker.last_seen = row.Time(8);
  worker.drained = row.Int(9) != 0;
  return worker;
}

EventRecord ReadEvent(const Query& row) {
  EventRecord event;
  event.id = row.Int(0);
  event.at = row.Time(1);
  event.sweep = row.IdAt<SweepId>(2);
  event.job = row.IdAt<JobId>(3);
  event.attempt = static_cast<Attempt>(row.Int(4));
  event.worker = WorkerId(row.Text(5));
  event.type = row.Text(6);
  event.message = row.Text(7);
  return event;
}

LogLine ReadLog(const Query& row) {
  return {row.IdAt<JobId>(1), static_cast<Attempt>(row.Int(2)), row.Int(3), row.Time(4),
          row.Text(5)};
}

}  // namespace eida::store
