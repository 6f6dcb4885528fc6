#include "worker/agent/delivery.h"

#include "common/base/fs.h"
#include "common/base/log.h"
#include "worker/exec/verify.h"

namespace eida::agent {

Delivery::Delivery(Transfer& transfer, Reporter& reporter, std::stop_token stop)
    : transfer_(transfer),
      reporter_(reporter),
      stop_(std::move(stop)),
      thread_([this] { Loop(); }) {}

Delivery::~Delivery() { Finish(); }

void Delivery::Post(const Key& key, const std::string& out, Item item) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({key, out, std::move(item)});
  }
  changed_.notify_all();
}

void Delivery::Finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Delivery::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, stop_, [this] { return finished_ || !queue_.empty(); });
    if (queue_.empty() || stop_.stop_requested()) {
      if (finished_ || stop_.stop_requested()) return;
      continue;
    }
    const Posted posted = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    Deliver(posted);
    lock.lock();
  }
}

void Delivery::Deliver(const Posted& posted) {
  if (const auto* checkpoint = std::get_if<exec::CheckpointFile>(&posted.item)) {
    DeliverCheckpoint(posted.key, JoinPath(posted.out, checkpoint->path), *checkpoint);
  } else if (const auto* file = std::get_if<exec::FileMade>(&posted.item)) {
    DeliverFile(posted.key, JoinPath(posted.out, file->path), *file);
  } else {
    DeliverOutcome(posted.key, std::get<exec::Outcome>(posted.item));
  }
}

Result<Cache::Added> Delivery::Store(const std::string& kind, const std::string& path) {
  const Status whole = exec::VerifyArtifact(kind, path);
  if (!whole.ok())
    return whole.code() == absl::StatusCode::kNotFound ? DataLoss(Message(whole)) : whole;
  EIDA_ASSIGN_OR_RETURN(Cache::Added added, transfer_.cache().Adopt(path));
  EIDA_RETURN_IF_ERROR(transfer_.Upload(added.digest, added.pin.path(), stop_));
  return added;
}

void Delivery::DeliverCheckpoint(const Key& key, const std::string& path,
                                 const exec::CheckpointFile& checkpoint) {
  Result<Cache::Added> added = Store("checkpoint", path);
  if (stop_.stop_requested()) return;
  if (!added.ok()) {  // the job goes on; a restart begins at an older checkpoint
    EIDA_WARN("job {} attempt {}: checkpoint of step {} is lost: {}", key.first.ToString(),
              key.second, checkpoint.step, Message(added.status()));
    return;
  }
  ArtifactRef ref{"checkpoint/" + std::to_string(checkpoint.step), "checkpoint", added->digest,
                  added->size, ""};
  reporter_.Add(key, CheckpointMade{checkpoint.step, checkpoint.metrics, std::move(ref)});
  Job& job = jobs_[key];
  const std::optional<Digest> older = job.checkpoint;
  job.checkpoint = added->digest;
  if (older && *older != *job.checkpoint) transfer_.cache().Drop(*older);
}

void Delivery::DeliverFile(const Key& key, const std::string& path, const exec::FileMade& file) {
  Job& job = jobs_[key];
  if (job.failure) return;
  for (const ArtifactRef& earlier : job.artifacts) {
    if (earlier.name != file.name) continue;
    job.failure =
        Finished{ErrorClass::kInternal, "the runner made artifact " + file.name + " twice", "", {}};
    return;
  }
  const Result<Cache::Added> added = Store(file.kind, path);
  if (added.ok()) {
    job.artifacts.push_back({file.name, file.kind, added->digest, added->size, file.meta});
    return;
  }
  const bool damaged = added.status().code() == absl::StatusCode::kDataLoss;
  job.failure = Finished{damaged ? ErrorClass::kCrashed : ErrorClass::kIo,
                         "artifact " + file.name +
                             (damaged ? " is not what the runner claims: " : " was not stored: ") +
                             Message(added.status()),
                         "",
                         {}};
}

void Delivery::DeliverOutcome(const Key& key, const exec::Outcome& outcome) {
  if (stop_.stop_requested()) return;
  Job& job = jobs_[key];
  Finished finished{outcome.error, outcome.message, outcome.summary, {}};
  if (outcome.error == ErrorClass::kNone) {
    finished.artifacts = std::move(job.artifacts);
    if (job.failure) finished = *std::move(job.failure);
  }
  reporter_.Add(key, std::move(finished));
  if (job.checkpoint && outcome.error == ErrorClass::kNone) transfer_.cache().Drop(*job.checkpoint);
  jobs_.erase(key);
}

}  // namespace eida::agent
