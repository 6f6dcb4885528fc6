#include "worker/agent/agent.h"

#include <algorithm>
#include <set>

#include "common/base/log.h"
#include "common/base/text.h"

namespace eida::agent {
namespace {

constexpr Millis kRepeatAway{
    30'000};  // between two log lines that say that the coordinator is away
constexpr Millis kMinPoll{
    20};  // a coordinator that answers at once must not be asked in a busy loop
constexpr int kMaxRefusals = 5;  // refusals in a row, once joined, until the worker gives up

bool IsRefusal(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

}  // namespace

Agent::Agent(AgentOptions options, CoordinatorPort& coordinator, ArtifactPort& artifacts,
             Cache& cache, exec::Launcher& launcher, const Clock& clock)
    : options_(std::move(options)),
      coordinator_(coordinator),
      clock_(clock),
      launcher_(launcher),
      idle_since_(clock.Read().mono),
      sync_backoff_(options_.backoff, std::hash<std::string>()(options_.worker.session)),
      transfer_(artifacts, cache, options_.backoff),
      reporter_(coordinator, options_.worker.id, options_.worker.session, options_.reporter,
                [this](const Key& key) { OnStale(key); }) {
  options_.worker.slots.clear();
  for (const Slot& slot : options_.slots) options_.worker.slots.push_back(slot.info);
}

Agent::~Agent() { KillAll(); }

// Ends every task and waits for the runners to be gone.
void Agent::KillAll() {
  decltype(tasks_) tasks, leaving;
  decltype(ended_) ended;
  {
    const std::lock_guard lock(mutex_);
    killed_ = true;
    waiting_.clear();
    tasks.swap(tasks_);
    leaving.swap(leaving_);
    ended.swap(ended_);
  }
  for (auto* group : {&tasks, &leaving}) {
    for (auto& [id, task] : *group) task->Revoke(Millis(0));
  }
}

void Agent::Drain() {
  const std::lock_guard lock(mutex_);
  if (draining_) return;
  draining_ = true;
  drain_deadline_ = clock_.Read().mono + options_.lease.stop_grace + options_.leave_timeout;
  for (auto& [id, task] : tasks_) task->Preempt();
  StartPending();
  sync_stop_.request_stop();
  ++changes_;
  changed_.notify_all();
}

void Agent::KillNow() {
  const std::lock_guard lock(mutex_);
  killed_ = true;
  sync_stop_.request_stop();
  for (auto& [id, task] : tasks_) task->Revoke(Millis(0));
  ++changes_;
  changed_.notify_all();
}

// Waits, at most until the time to leave. A lease's end, Drain or KillNow since the last
// NextRequest cuts it short.
void Agent::Pause(Millis time) {
  std::unique_lock lock(mutex_);
  if (draining_) time = std::min(time, std::max(Millis(1), drain_deadline_ - clock_.Read().mono));
  changed_.wait_for(lock, time, [&] { return changes_ != seen_changes_; });
}

// Nothing when it is time to leave.
std::optional<SyncRequest> Agent::NextRequest(std::stop_token* stop) {
  std::vector<std::unique_ptr<LeaseTask>> ended;
  std::unique_lock lock(mutex_);
  ended.swap(ended_);
  seen_changes_ = changes_;
  const TimePoint now = clock_.Read().mono;
  if (!tasks_.empty() || !leaving_.empty()) idle_since_ = now;
  const bool idle = options_.idle_timeout.count() > 0 && now - idle_since_ >= options_.idle_timeout;
  if (idle && !draining_) {
    EIDA_INFO("no lease for {}; leaving (--idle-timeout)", FormatDuration(options_.idle_timeout));
    draining_ = true;
    drain_deadline_ = now + options_.leave_timeout;
  }
  if (killed_) return std::nullopt;
  if (draining_ && (tasks_.empty() || now >= drain_deadline_)) return std::nullopt;
  SyncRequest request;
  request.worker = options_.worker;
  request.worker.state = draining_        ? WorkerState::kDraining
                         : tasks_.empty() ? WorkerState::kIdle
                                          : WorkerState::kBusy;
  for (const auto& [id, task] : tasks_) request.held.push_back(id);
  request.draining = draining_;
  request.wait = draining_ || !joined_ ? Millis(0) : ttl_ / 3;
  if (options_.idle_timeout.count() > 0 && tasks_.empty()) {
    request.wait =
        std::min(request.wait, std::max(Millis(1), options_.idle_timeout - (now - idle_since_)));
  }
  sync_stop_ = std::stop_source();
  *stop = sync_stop_.get_token();
  lock.unlock();
  ended.clear();
  return request;
}

Status Agent::Run() {
  std::stop_token stop;
  while (std::optional<SyncRequest> request = NextRequest(&stop)) {
    const TimePoint before = clock_.Read().mono;
    const Result<SyncReply> reply = coordinator_.Sync(*request, stop);
    if (stop.stop_requested() && !reply.ok()) continue;
    if (!reply.ok()) {
      EIDA_RETURN_IF_ERROR(OnSyncError(reply.status()));
      continue;
    }
    Apply(*reply);
    if (request->draining) {
      Pause(std::max(kMinPoll, ttl_ / 3));
    } else if (request->wait.count() > 0 && clock_.Read().mono - before < kMinPoll) {
      Pause(kMinPoll);
    }
  }
  bool killed, late;
  {
    const std::lock_guard lock(mutex_);
    killed = killed_;
    late = !tasks_.empty();
  }
  if (late && !killed)
    EIDA_WARN(
        "leaving with work that could not be delivered; the coordinator will give it to another "
        "worker");
  KillAll();
  const Status left = coordinator_.Leave(options_.worker.id, options_.worker.session);
  if (!left.ok() && joined_)
    EIDA_WARN("the coordinator was not told that this worker leaves: {}", Message(left));
  return killed ? Status(absl::StatusCode::kCancelled,
                         "killed by a second signal; work in progress is lost")
                : OkStatus();
}

Status Agent::OnSyncError(const Status& status) {
  const TimePoint now = clock_.Read().mono;
  if (IsRefusal(status)) {
    if (!joined_ || ++refusals_ >= kMaxRefusals) return status;
    EIDA_WARN("the coordinator refuses this worker: {}", Message(status));
  } else {
    if (!joined_ && !options_.wait_for_coordinator) return status;
    if (!away_ || now - away_said_ >= kRepeatAway) {
      EIDA_WARN("{}; trying again, work in progress goes on", Message(status));
      away_ = true;
      away_said_ = now;
    }
  }
  Pause(sync_backoff_.Next());
  return OkStatus();
}

void Agent::Apply(const SyncReply& reply) {
  const bool first = !joined_;
  std::unique_lock lock(mutex_);
  if (away_) EIDA_INFO("the coordinator answers again");
  away_ = false;
  joined_ = true;
  refusals_ = 0;
  sync_backoff_.Reset();
  if (reply.lease_ttl.count() > 0) ttl_ = reply.lease_ttl;
  for (LeaseId lease : reply.revoked) {
    const auto it = tasks_.find(lease);
    if (it == tasks_.end()) continue;
    const auto waiting = std::find(waiting_.begin(), waiting_.end(), lease);
    // A lease whose last report is on its way back to us is over for the coordinator too: nothing
    // to tell.
    if (it->second->Revoke())
      EIDA_INFO("lease {} was revoked; its runner is stopped", lease.ToString());
    auto task = std::move(it->second);
    tasks_.erase(it);
    if (waiting != waiting_.end()) {
      waiting_.erase(waiting);  // never started: nothing to wait for
      ended_.push_back(std::move(task));
    } else {
      leaving_[lease] = std::move(task);
    }
  }
  for (const Grant& grant : reply.grants) StartGrant(grant);
  lock.unlock();
  if (first && options_.on_joined) options_.on_joined();
}

// REQUIRES: mutex_ is held, as for all below but OnLeaseEnd and OnStale.
bool Agent::AnyBusy(const std::vector<int>& slots) const {
  const auto uses = [&](const auto& entry) {
    const std::vector<int>& own = entry.second->slots();
    return std::any_of(own.begin(), own.end(), [&](int slot) {
      return std::find(slots.begin(), slots.end(), slot) != slots.end();
    });
  };
  return std::any_of(leaving_.begin(), leaving_.end(), uses) ||
         std::any_of(tasks_.begin(), tasks_.end(), [&](const auto& entry) {
           return uses(entry) &&
                  std::find(waiting_.begin(), waiting_.end(), entry.first) == waiting_.end();
         });
}

void Agent::RefuseGrant(const Grant& grant, const std::string& reason) {
  EIDA_ERROR("lease {} cannot be served: {}", grant.lease.ToString(), reason);
  for (const GrantJob& job : grant.jobs) {
    reporter_.Add({job.job, job.attempt}, Finished{ErrorClass::kInternal, reason, "", {}});
  }
}

std::string Agent::WrongWith(const Grant& grant) const {
  const std::string have = ", this worker has " + std::to_string(options_.slots.size()) + " slots";
  if (grant.jobs.empty()) return "it names no job";
  if (grant.slots.empty()) return "it names no slot" + have;
  if (grant.slots.size() > 1 && grant.jobs.size() > 1)
    return "it names several slots for several jobs; use the same version of Eida on both sides";
  std::set<int> seen;
  for (const int slot : grant.slots) {
    if (slot < 0 || static_cast<size_t>(slot) >= options_.slots.size())
      return "it names slot " + std::to_string(slot) + have;
    if (!seen.insert(slot).second) return "it names slot " + std::to_string(slot) + " twice";
  }
  return "";
}

void Agent::StartGrant(const Grant& grant) {
  if (tasks_.count(grant.lease) > 0 || leaving_.count(grant.lease) > 0)
    return;  // a reply that came twice
  const std::string wrong = WrongWith(grant);
  if (!wrong.empty()) return RefuseGrant(grant, wrong);
  std::vector<Slot> slots;
  std::vector<std::string> indexes;
  for (const int slot : grant.slots) {
    slots.push_back(options_.slots[static_cast<size_t>(slot)]);
    indexes.push_back(std::to_string(slot));
  }
  EIDA_INFO("lease {} on slot {}: {}{}", grant.lease.ToString(), Join(indexes, ", "),
            grant.jobs.front().name,
            grant.jobs.size() > 1 ? " and " + std::to_string(grant.jobs.size() - 1) + " more" : "");
  auto task =
      std::make_unique<LeaseTask>(grant, std::move(slots), options_.lease, launcher_, transfer_,
                                  reporter_, clock_, [this](LeaseId lease) { OnLeaseEnd(lease); });
  if (draining_) task->Preempt();
  tasks_[grant.lease] = std::move(task);
  waiting_.push_back(grant.lease);
  StartPending();
}

// Starts the waiting leases whose slot is free; when draining all of them, since they will run
// nothing.
void Agent::StartPending() {
  for (size_t i = 0; i < waiting_.size();) {
    const LeaseId lease = waiting_[i];
    LeaseTask& task = *tasks_[lease];
    if (!draining_ && AnyBusy(task.slots())) {
      ++i;
      continue;
    }
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    task.Start();
  }
}

void Agent::OnLeaseEnd(LeaseId lease) {
  const std::lock_guard lock(mutex_);
  for (auto* group : {&tasks_, &leaving_}) {
    const auto it = group->find(lease);
    if (it == group->end()) continue;
    ended_.push_back(std::move(it->second));  // this is its thread: somebody else joins it
    group->erase(it);
  }
  if (!killed_) StartPending();
  ++changes_;
  changed_.notify_all();
}

void Agent::OnStale(const Key& key) {
  const std::lock_guard lock(mutex_);
  for (auto& [id, task] : tasks_) {
    if (!task->Holds(key)) continue;
    EIDA_INFO("job {} attempt {} is no longer ours", key.first.ToString(), key.second);
    task->Refuse(key);
  }
}

}  // namespace eida::agent
