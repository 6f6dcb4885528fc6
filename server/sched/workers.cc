#include <algorithm>

#include "server/sched/index.h"
#include "server/sched/reactor.h"
#include "server/sched/step.h"

namespace eida::sched {
namespace {

constexpr size_t kRetiredSessions = 8;

bool IsRetired(const Worker& worker, const std::string& session) {
  return std::find(worker.retired.begin(), worker.retired.end(), session) != worker.retired.end();
}

void Retire(Worker& worker, const std::string& session) {
  if (session.empty() || IsRetired(worker, session)) return;
  if (worker.retired.size() == kRetiredSessions) worker.retired.erase(worker.retired.begin());
  worker.retired.push_back(session);
}

// Is what this session says void? An earlier session's late call that a restart of the coordinator
// let pass for a new one has retired the living session, which takes over again once nobody has
// heard of the other for long enough. One that has left stays away.
bool IsVoid(const Worker& worker, const std::string& session) {
  return IsRetired(worker, session) && (worker.present || IsRetired(worker, worker.record.session));
}

// In the order of their first slots.
std::vector<LeaseId> LeasesOf(const Worker& worker) {
  std::vector<LeaseId> leases;
  for (const LeaseId lease : worker.slots) {
    if (lease && std::find(leases.begin(), leases.end(), lease) == leases.end())
      leases.push_back(lease);
  }
  return leases;
}

void EndLeases(Step& step, Worker& worker, ErrorClass error, const std::string& message) {
  for (const LeaseId lease : LeasesOf(worker)) step.EndLease(lease, error, message);
}

WorkerState StateToKeep(const Worker& worker) {
  return worker.drained ? WorkerState::kDraining : WorkerState::kIdle;
}

// What became of a job that made no result.
std::string WhyLost(const Core& core, const Job& job) {
  const JobStatus& status = job.record.status;
  if (StateOf(job) == JobState::kSkipped) return WhyLost(core, core.jobs.at(status.cause));
  std::string why = job.record.spec.name + " ";
  if (StateOf(job) == JobState::kCancelled) return why + "was cancelled";
  return why + "failed: " + eida::ToString(status.error) + ": " + status.error_message;
}

GrantJob GrantOf(const Core& core, const Job& job) {
  const JobSpec& spec = job.record.spec;
  GrantJob grant;
  grant.job = spec.id;
  grant.attempt = job.record.status.attempt;
  grant.kind = spec.kind;
  grant.name = spec.sweep.ToString() + "/" + spec.name;
  grant.spec = spec.spec;
  for (const JobInput& input : spec.inputs) {
    ArtifactRef ref;
    ref.name = input.name;
    ref.kind = "file";
    ref.digest = input.digest;
    grant.inputs.push_back(std::move(ref));
  }
  for (const ParentEdge& edge : spec.parents) {
    const Job& parent = core.jobs.at(edge.parent);
    if (StateOf(parent) != JobState::kSucceeded) {
      if (!edge.shortcut) grant.missing.push_back({edge.role, WhyLost(core, parent)});
      continue;
    }
    for (const ArtifactRef& artifact : parent.record.artifacts) {
      if (artifact.name != edge.artifact) continue;
      grant.inputs.push_back(artifact);
      grant.inputs.back().name = edge.role;
      break;
    }
  }
  if (job.checkpoint) grant.resume = job.checkpoint->artifact;
  return grant;
}

}  // namespace

void OnSync(Core& core, Effects& out, const SyncRequest& request, Now now) {
  const WorkerId& id = request.worker.id;
  if (id.empty() || request.worker.session.empty()) return;
  Worker& worker = core.workers[id];
  if (IsVoid(worker, request.worker.session)) return;
  std::erase(worker.retired, request.worker.session);
  Step step(core, out, now);
  const bool fresh = worker.record.session != request.worker.session;
  if (fresh) {
    EndLeases(step, worker, ErrorClass::kWorkerLost,
              "worker " + id.str() + " came back as a new process");
    Retire(worker, worker.record.session);
    worker.record = request.worker;
    worker.record.joined = now.wall;
    worker.slots.assign(request.worker.slots.size(), LeaseId());
    worker.free = static_cast<int>(worker.slots.size());
  }
  for (const LeaseId held : request.held) {
    const auto it = core.leases.find(held);
    if (it == core.leases.end() || it->second.worker != id) continue;
    SetDeadline(core, it->second, now.mono + core.options.lease_ttl);
  }
  const bool returned = !worker.present;
  worker.leaving = request.draining;
  worker.record.last_seen = now.wall;
  SetPresent(core, worker, true, now.mono);
  if (fresh || returned) {
    step.PutWorkerRecord(worker, StateToKeep(worker));
    step.Note(fresh ? "joined" : "returned", id,
              std::to_string(worker.slots.size()) + " slots on " + worker.record.host);
  }
  step.Finish();
}

SyncReply ViewFor(const Core& core, const SyncRequest& request) {
  SyncReply reply;
  reply.lease_ttl = core.options.lease_ttl;
  const auto found = core.workers.find(request.worker.id);
  const bool known =
      found != core.workers.end() && found->second.record.session == request.worker.session;
  for (const LeaseId held : request.held) {
    const auto it = core.leases.find(held);
    const bool own = known && it != core.leases.end() && it->second.worker == request.worker.id;
    if (!own) reply.revoked.push_back(held);
  }
  if (!known) return reply;
  for (const LeaseId id : LeasesOf(found->second)) {
    if (std::find(request.held.begin(), request.held.end(), id) != request.held.end()) continue;
    const Lease& lease = core.leases.at(id);
    Grant grant;
    grant.lease = id;
    grant.slots = lease.slots;
    for (const JobId job : lease.open) grant.jobs.push_back(GrantOf(core, core.jobs.at(job)));
    reply.grants.push_back(std::move(grant));
  }
  return reply;
}

void OnLeave(Core& core, Effects& out, const WorkerId& id, const std::string& session, Now now) {
  const auto it = core.workers.find(id);
  if (it == core.workers.end() || it->second.record.session != session ||
      IsRetired(it->second, session))
    return;
  Worker& worker = it->second;
  Step step(core, out, now);
  worker.record.last_seen = now.wall;
  SetPresent(core, worker, false, now.mono);
  Retire(worker, session);
  EndLeases(step, worker, ErrorClass::kPreempted, "worker " + id.str() + " left");
  step.PutWorkerRecord(worker, WorkerState::kLeft);
  step.Note("left", id, "");
  step.Finish();
}

Status OnDrain(Core& core, Effects& out, const WorkerId& id, bool drain, Now now) {
  const auto it = core.workers.find(id);
  if (it == core.workers.end()) {
    return NotFound("worker \"" + id.str() +
                    "\" is not known; `eidactl worker list` shows those that are");
  }
  Worker& worker = it->second;
  if (worker.drained == drain) return OkStatus();
  Step step(core, out, now);
  worker.drained = drain;
  RefreshWorker(core, worker);
  step.PutWorkerRecord(worker, worker.present ? StateToKeep(worker) : worker.record.state);
  step.Note(drain ? "draining" : "undrained", id, "");
  step.Finish();
  return OkStatus();
}

}  // namespace eida::sched
