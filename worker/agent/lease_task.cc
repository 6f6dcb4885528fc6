#include "worker/agent/lease_task.h"

#include <algorithm>
#include <deque>

#include "common/base/fs.h"
#include "common/base/log.h"

namespace eida::agent {
namespace {

constexpr char kStoppedEarly[] = "the worker was stopped before the job started";

bool IsGone(const Status& status) {
  return status.code() == absl::StatusCode::kNotFound ||
         status.code() == absl::StatusCode::kDataLoss;
}

}  // namespace

LeaseTask::LeaseTask(Grant grant, std::vector<Slot> slots, const LeaseOptions& options,
                     exec::Launcher& launcher, Transfer& transfer, Reporter& reporter,
                     const Clock& clock, std::function<void(LeaseId)> on_end)
    : grant_(std::move(grant)),
      slots_(std::move(slots)),
      options_(options),
      launcher_(launcher),
      transfer_(transfer),
      reporter_(reporter),
      clock_(clock),
      on_end_(std::move(on_end)),
      dir_(JoinPath(options.work_dir, grant_.lease.ToString())) {}

LeaseTask::~LeaseTask() {
  Revoke(Millis(0));
  if (thread_.joinable()) thread_.join();
}

void LeaseTask::Start() {
  thread_ = std::thread([this] {
    Run();
    on_end_(grant_.lease);
  });
}

void LeaseTask::Preempt() {
  fetch_stop_.request_stop();
  const std::lock_guard lock(mutex_);
  stop_grace_ = std::min(stop_grace_.value_or(options_.stop_grace), options_.stop_grace);
  if (process_) process_->Stop(*stop_grace_);
}

bool LeaseTask::Revoke(Millis grace) {
  deliver_stop_.request_stop();
  fetch_stop_.request_stop();
  const std::lock_guard lock(mutex_);
  if (ended_) return false;
  for (const GrantJob& job : grant_.jobs) reporter_.Forget({job.job, job.attempt});
  stop_grace_ = std::min(stop_grace_.value_or(grace), grace);
  if (process_) process_->Stop(*stop_grace_);
  return process_ && !bundle_->AllEnded();
}

void LeaseTask::Refuse(const Key& key) {
  const std::lock_guard lock(mutex_);
  refused_.insert(key);
  StopUnlessWanted();
}

// Of a pack the others go on.
void LeaseTask::StopUnlessWanted() {
  if (!process_ || !bundle_) return;
  const std::vector<JobId> running = bundle_->Running();
  const auto refused = [this](JobId job) { return refused_.count(KeyOf(job)) > 0; };
  if (!running.empty() && std::all_of(running.begin(), running.end(), refused))
    process_->Stop(options_.revoke_grace);
}

bool LeaseTask::Holds(const Key& key) const {
  return std::any_of(grant_.jobs.begin(), grant_.jobs.end(),
                     [&](const GrantJob& job) { return Key(job.job, job.attempt) == key; });
}

LeaseTask::Key LeaseTask::KeyOf(JobId job) const {
  for (const GrantJob& granted : grant_.jobs) {
    if (granted.job == job) return {job, granted.attempt};
  }
  return {job, 0};
}

std::string LeaseTask::OutOf(const Key& key) const {
  return JoinPath(dir_, key.first.ToString() + "-" + std::to_string(key.second));
}

void LeaseTask::Fail(const GrantJob& job, ErrorClass error, const std::string& message) {
  const Key key{job.job, job.attempt};
  delivery_->Post(key, OutOf(key), exec::Outcome{job.job, error, message, ""});
}

// Brings the job's files here and adds it to `file`.
Status LeaseTask::Prepare(const GrantJob& job, exec::JobFile& file) {
  exec::RunnerJob entry{job.job,  job.attempt, job.kind, job.name,
                        job.spec, {},          "",       OutOf({job.job, job.attempt})};
  EIDA_RETURN_IF_ERROR(MakeDirs(entry.out));
  for (const ArtifactRef& input : job.inputs) {
    EIDA_ASSIGN_OR_RETURN(Pin pin, transfer_.Fetch(input, fetch_stop_.get_token()));
    entry.inputs[input.name] = pin.path();
    pins_.push_back(std::move(pin));
  }
  for (const MissingInput& input : job.missing) entry.missing[input.role] = input.reason;
  if (job.resume) {
    Result<Pin> pin = transfer_.Fetch(*job.resume, fetch_stop_.get_token());
    if (pin.ok()) {
      entry.resume = pin->path();
      pins_.push_back(std::move(pin).value());
    } else if (IsGone(pin.status())) {
      EIDA_WARN("job {} starts from the beginning, its checkpoint is gone: {}", job.name,
                Message(pin.status()));
    } else {
      return pin.status();
    }
  }
  file.jobs.push_back(std::move(entry));
  return exec::FormatJobFile({"cpu", 1, {file.jobs.back()}}).status();
}

void LeaseTask::Run() {
  delivery_ = std::make_unique<Delivery>(transfer_, reporter_, deliver_stop_.get_token());
  exec::JobFile file;
  for (const GrantJob& job : grant_.jobs) {
    const Status status = Prepare(job, file);
    if (status.ok()) continue;
    if (!file.jobs.empty() && file.jobs.back().job == job.job) file.jobs.pop_back();
    const bool stopped = fetch_stop_.stop_requested();
    const bool bad_spec = status.code() == absl::StatusCode::kInvalidArgument;
    Fail(job,
         stopped    ? ErrorClass::kPreempted
         : bad_spec ? ErrorClass::kInternal
                    : ErrorClass::kIo,
         stopped ? kStoppedEarly : Message(status));
  }
  const std::vector<exec::RunnerJob> jobs = file.jobs;
  const bool stopped = fetch_stop_.stop_requested();
  const Status ran = stopped        ? Status(absl::StatusCode::kCancelled, kStoppedEarly)
                     : jobs.empty() ? OkStatus()
                                    : RunBundle(std::move(file));
  if (!ran.ok()) {
    for (const exec::RunnerJob& job : jobs) {
      const bool blamed = !stopped && job.job == jobs.front().job;
      delivery_->Post(
          {job.job, job.attempt}, job.out,
          exec::Outcome{job.job, blamed ? ErrorClass::kInternal : ErrorClass::kPreempted,
                        Message(ran), ""});
    }
  }
  Flush();
}

// Waits until all is delivered and acknowledged, then cleans up.
void LeaseTask::Flush() {
  delivery_->Finish();
  for (const GrantJob& job : grant_.jobs) {
    reporter_.WaitFlushed({job.job, job.attempt}, deliver_stop_.get_token());
  }
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    for (const GrantJob& job : grant_.jobs) reporter_.Retire({job.job, job.attempt});
  }
  delivery_.reset();
  pins_.clear();
  RemoveTree(dir_).IgnoreError();
}

Result<exec::RunnerOptions> LeaseTask::OptionsOf(int rank, exec::JobFile file) const {
  const Slot& slot = slots_[static_cast<size_t>(rank)];
  file.device = slot.info.device.rfind("cuda", 0) == 0 ? "cuda:0" : slot.info.device;
  file.threads = slot.threads;
  file.rank = rank;
  file.ranks = static_cast<int>(slots_.size());
  file.store = JoinPath(dir_, "ranks");
  file.tokens_dir = options_.tokens_dir;
  file.tokens_limit = options_.tokens_limit;
  exec::RunnerOptions options;
  options.supervisor = options_.supervisor;
  options.runner = options_.runner;
  options.job_file =
      JoinPath(dir_, rank == 0 ? "job.json" : "rank" + std::to_string(rank) + "-job.json");
  options.work_dir = dir_;
  options.cpus = slot.info.cpus;
  options.threads = slot.threads;
  options.env = DeviceEnvironment(slot);
  EIDA_ASSIGN_OR_RETURN(const std::string text, exec::FormatJobFile(file));
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(options.job_file, text));
  return options;
}

// An error means that nothing was started.
Status LeaseTask::RunBundle(exec::JobFile file) {
  std::vector<JobId> ids;
  for (const exec::RunnerJob& job : file.jobs) ids.push_back(job.job);
  std::vector<exec::RunnerOptions> ranks;
  for (size_t rank = 0; rank < slots_.size(); ++rank) {
    EIDA_ASSIGN_OR_RETURN(exec::RunnerOptions options, OptionsOf(static_cast<int>(rank), file));
    ranks.push_back(std::move(options));
  }
  EIDA_ASSIGN_OR_RETURN(std::unique_ptr<exec::RunnerGang> process,
                        exec::RunnerGang::Start(launcher_, ranks, clock_));
  exec::RunnerGang& running = *process;
  {
    const std::lock_guard lock(mutex_);
    bundle_.emplace(ids);
    process_ = std::move(process);
    if (stop_grace_) process_->Stop(*stop_grace_);
  }
  const exec::ProcessEnd end = [&] {
    std::deque<BusyMeter::Work> work;
    for (const Slot& slot : slots_)
      work.emplace_back(options_.busy, BusyMeter::Key(slot.info.device, grant_.jobs.front().kind));
    return running.Run(*this);
  }();
  std::unique_lock lock(mutex_);
  process.swap(process_);
  const std::vector<exec::Outcome> outcomes = bundle_->OnEnd(end);
  lock.unlock();
  for (const exec::Outcome& outcome : outcomes) {
    const Key key = KeyOf(outcome.job);
    delivery_->Post(key, OutOf(key), outcome);
  }
  return OkStatus();
}

void LeaseTask::OnEvent(const exec::Event& event) {
  const Key key = KeyOf(event.job);
  std::unique_lock lock(mutex_);
  const Result<exec::Accepted> accepted = bundle_->OnEvent(event);
  if (accepted.ok() && (accepted->first || accepted->end)) StopUnlessWanted();
  lock.unlock();
  if (!accepted.ok()) {
    EIDA_WARN("lease {}: {}", grant_.lease.ToString(), Message(accepted.status()));
    return;
  }
  if (accepted->first) reporter_.Add(key, Started{});
  if (accepted->end) {
    delivery_->Post(key, OutOf(key), *accepted->end);
  } else if (const auto* progress = std::get_if<Progress>(&event.body)) {
    reporter_.Add(key, *progress);
  } else if (const auto* point = std::get_if<MetricPoint>(&event.body)) {
    reporter_.Add(key, Metrics{{*point}});
  } else if (const auto* checkpoint = std::get_if<exec::CheckpointFile>(&event.body)) {
    delivery_->Post(key, OutOf(key), *checkpoint);
  } else if (const auto* made = std::get_if<exec::FileMade>(&event.body)) {
    delivery_->Post(key, OutOf(key), *made);
  }
}

// A log line says nothing of its job: it belongs to the first that runs, else to the first.
void LeaseTask::OnLog(const std::string& line) {
  std::unique_lock lock(mutex_);
  const std::vector<JobId> running = bundle_->Running();
  const JobId job = running.empty() ? grant_.jobs.front().job : running.front();
  lock.unlock();
  const Key key = KeyOf(job);
  const int64_t n = ++log_lines_[key];
  if (n > options_.max_log_lines) return;
  const bool last = n == options_.max_log_lines;
  reporter_.Add(key, LogText{n, clock_.Read().wall,
                             last ? "eida-worker: the log is cut here, it is too long" : line});
}

}  // namespace eida::agent
