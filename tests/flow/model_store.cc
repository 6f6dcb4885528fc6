#include "tests/flow/model_store.h"

#include <algorithm>

namespace eida::testing {
namespace {

std::string Named(JobId id, Attempt attempt) {
  return id.ToString() + " attempt " + std::to_string(attempt);
}

}  // namespace

Status ModelStore::Apply(const std::vector<Change>& batch) {
  for (const Change& change : batch) {
    EIDA_RETURN_IF_ERROR(std::visit([this](const auto& one) { return One(one); }, change));
  }
  // Only whole batches are visible, so only they must make sense: an active job has one open
  // attempt, the newest.
  for (const Change& change : batch) {
    const UpdateJob* update = std::get_if<UpdateJob>(&change);
    if (update == nullptr) continue;
    const JobRecord& job = jobs_.at(update->job);
    const auto open = open_.find(update->job);
    if (IsActive(job.status.state) != (open != open_.end())) {
      return Internal(update->job.ToString() + " is " + ToString(job.status.state) +
                      ", its open attempts disagree");
    }
    if (open != open_.end() && open->second.attempt != job.status.attempt) {
      return Internal(update->job.ToString() + ": the open attempt is not the newest");
    }
  }
  return OkStatus();
}

Snapshot ModelStore::Load() const {
  Snapshot snapshot;
  const auto values = [](const auto& map, auto& list) {
    for (const auto& [key, value] : map) list.push_back(value);
  };
  values(sweeps_, snapshot.sweeps);
  values(runs_, snapshot.runs);
  values(jobs_, snapshot.jobs);
  values(open_, snapshot.open_attempts);
  values(workers_, snapshot.workers);
  for (const auto& [job, checkpoint] : checkpoints_) {
    if (jobs_.at(job).status.state != JobState::kSucceeded)
      snapshot.checkpoints.push_back(checkpoint);
  }
  snapshot.next_sweep = sweeps_.empty() ? 1 : sweeps_.rbegin()->first.value() + 1;
  snapshot.next_run = runs_.empty() ? 1 : runs_.rbegin()->first.value() + 1;
  snapshot.next_job = jobs_.empty() ? 1 : jobs_.rbegin()->first.value() + 1;
  snapshot.next_lease = last_lease_ + 1;
  return snapshot;
}

const JobRecord* ModelStore::Job(JobId id) const {
  const auto it = jobs_.find(id);
  return it == jobs_.end() ? nullptr : &it->second;
}

Status ModelStore::One(const AddSweep& change) {
  if (!sweeps_.emplace(change.sweep.id, change.sweep).second)
    return Internal(change.sweep.id.ToString() + " exists");
  for (const auto& [id, sweep] : sweeps_) {
    if (id != change.sweep.id && !sweep.idempotency_key.empty() &&
        sweep.idempotency_key == change.sweep.idempotency_key) {
      return Internal("idempotency key used twice: " + sweep.idempotency_key);
    }
  }
  for (const RunRecord& run : change.runs) {
    if (!runs_.emplace(run.id, run).second) return Internal(run.id.ToString() + " exists");
  }
  for (const JobRecord& job : change.jobs) EIDA_RETURN_IF_ERROR(AddJob(job));
  return OkStatus();
}

Status ModelStore::One(const AddJobs& change) {
  for (const JobRecord& job : change.jobs) EIDA_RETURN_IF_ERROR(AddJob(job));
  return OkStatus();
}

Status ModelStore::AddJob(const JobRecord& job) {
  if (!sweeps_.contains(job.spec.sweep)) return Internal(job.spec.id.ToString() + " has no sweep");
  for (const ParentEdge& edge : job.spec.parents) {
    if (!jobs_.contains(edge.parent))
      return Internal(job.spec.id.ToString() + " has no parent " + edge.parent.ToString());
  }
  if (IsActive(job.status.state)) return Internal(job.spec.id.ToString() + " is born active");
  if (!jobs_.emplace(job.spec.id, job).second) return Internal(job.spec.id.ToString() + " exists");
  return OkStatus();
}

Status ModelStore::One(const UpdateSweep& change) {
  const auto it = sweeps_.find(change.sweep);
  if (it == sweeps_.end() || it->second.state != change.expected) {
    return Internal(change.sweep.ToString() + ": guard " + ToString(change.expected) +
                    " matches no row");
  }
  it->second.state = change.state;
  it->second.finished = change.finished;
  return OkStatus();
}

Status ModelStore::One(const UpdateJob& change) {
  const auto it = jobs_.find(change.job);
  if (it == jobs_.end() || it->second.status.state != change.expected) {
    return Internal(change.job.ToString() + ": guard " + ToString(change.expected) +
                    " matches no row");
  }
  JobRecord& job = it->second;
  if (job.status.state == JobState::kSucceeded) {
    if (job.status.lacking == 0)
      return Internal(change.job.ToString() + " had succeeded and changes");
    job.artifacts.clear();
    results_.erase(change.job);
  }
  if (change.status.attempt < job.status.attempt)
    return Internal(change.job.ToString() + ": attempt number falls");
  job.status = change.status;
  if (IsActive(job.status.state)) return ParentsAreThere(job);
  if (job.status.state == JobState::kReady && change.expected == JobState::kBlocked)
    return ParentsHaveEnded(job);
  return OkStatus();
}

Status ModelStore::ParentsHaveEnded(const JobRecord& job) const {
  for (const ParentEdge& edge : job.spec.parents) {
    if (!IsTerminal(jobs_.at(edge.parent).status.state))
      return Internal(job.spec.id.ToString() + " does not wait for " + edge.parent.ToString());
  }
  return OkStatus();
}

Status ModelStore::ParentsAreThere(const JobRecord& job) const {
  for (const ParentEdge& edge : job.spec.parents) {
    const JobRecord& parent = jobs_.at(edge.parent);
    if (edge.shortcut) continue;
    if (job.spec.quorum > 0 && IsTerminal(parent.status.state) &&
        parent.status.state != JobState::kSucceeded)
      continue;
    const auto has = [&edge](const ArtifactRef& artifact) {
      return artifact.name == edge.artifact;
    };
    if (parent.status.state != JobState::kSucceeded ||
        std::none_of(parent.artifacts.begin(), parent.artifacts.end(), has)) {
      return Internal(job.spec.id.ToString() + " starts before \"" + edge.artifact + "\" of " +
                      edge.parent.ToString());
    }
  }
  return OkStatus();
}

Status ModelStore::One(const AddArtifacts& change) {
  const auto it = jobs_.find(change.job);
  if (it == jobs_.end()) return Internal("artifacts of an unknown job");
  if (!it->second.artifacts.empty())
    return Internal(change.job.ToString() + " gets a second result");
  std::set<std::string> names;
  for (const ArtifactRef& artifact : change.artifacts) {
    if (!names.insert(artifact.name).second)
      return Internal(change.job.ToString() + " gets two artifacts " + artifact.name);
  }
  it->second.artifacts = change.artifacts;
  return OkStatus();
}

Status ModelStore::One(const OpenAttempt& change) {
  const AttemptRecord& attempt = change.attempt;
  const std::string name = Named(attempt.job, attempt.attempt);
  if (!jobs_.contains(attempt.job)) return Internal(name + ": unknown job");
  if (attempt.attempt <= newest_[attempt.job])
    return Internal(name + ": attempt numbers must grow");
  newest_[attempt.job] = attempt.attempt;
  for (const auto& [job, other] : open_) {
    if (other.worker != attempt.worker || other.lease == attempt.lease) continue;
    for (const int slot : attempt.slots) {
      if (std::count(other.slots.begin(), other.slots.end(), slot) > 0) {
        return Internal(name + ": slot " + std::to_string(slot) + " of " + attempt.worker.str() +
                        " has " + other.lease.ToString());
      }
    }
  }
  if (!open_.emplace(attempt.job, attempt).second)
    return Internal(name + ": another attempt is open");
  last_lease_ = std::max(last_lease_, attempt.lease.value());
  return OkStatus();
}

Status ModelStore::One(const CloseAttempt& change) {
  const std::string name = Named(change.job, change.attempt);
  const auto it = open_.find(change.job);
  if (it == open_.end() || it->second.attempt != change.attempt)
    return Internal(name + " is not open");
  if (change.outcome.empty()) return Internal(name + " closes without an outcome");
  if (change.outcome == "succeeded" && !results_.insert(change.job).second) {
    return Internal(name + ": a second accepted result");
  }
  AttemptRecord closed = it->second;
  closed.closed = change.closed;
  closed.outcome = change.outcome;
  closed.message = change.message;
  closed_.push_back(std::move(closed));
  open_.erase(it);
  return OkStatus();
}

Status ModelStore::One(const AddCheckpoint& change) {
  const CheckpointRecord& made = change.checkpoint;
  const auto open = open_.find(made.job);
  if (open == open_.end() || open->second.attempt != made.attempt) {
    return Internal("checkpoint of " + Named(made.job, made.attempt) + ", which is not open");
  }
  with_checkpoint_.insert({made.job, made.attempt});
  CheckpointRecord& newest = checkpoints_[made.job];
  if (std::pair(newest.attempt, newest.step) <= std::pair(made.attempt, made.step)) newest = made;
  return OkStatus();
}

Status ModelStore::One(const AddMetrics& change) {
  return jobs_.contains(change.job) ? OkStatus() : Internal("metrics of an unknown job");
}

Status ModelStore::One(const AddLog& change) {
  for (const LogLine& line : change.lines) {
    if (!jobs_.contains(line.job)) return Internal("log of an unknown job");
  }
  return OkStatus();
}

Status ModelStore::One(const AddEvent& change) {
  if (change.event.type.empty()) return Internal("an event without a type");
  events_.push_back(change.event);
  return OkStatus();
}

Status ModelStore::One(const PutWorker& change) {
  workers_[change.worker.id] = change.worker;
  return OkStatus();
}

}  // namespace eida::testing
