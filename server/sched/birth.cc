#include "server/sched/birth.h"

#include <set>

#include "server/sched/index.h"

namespace eida::sched {

Status CheckNewJob(const JobSpec& spec, const std::string& what) {
  const std::string name = what + ": job \"" + spec.name + "\"";
  if (spec.slots < 1) {
    return InvalidArgument(name + " asks for " + std::to_string(spec.slots) +
                           " slots; a lease has at least one");
  }
  std::set<JobId> parents;
  for (const ParentEdge& edge : spec.parents) {
    if (!edge.shortcut) parents.insert(edge.parent);
  }
  if (spec.quorum < 0 || spec.quorum > static_cast<int>(parents.size())) {
    return InvalidArgument(name + " has a quorum of " + std::to_string(spec.quorum) + " out of " +
                           std::to_string(parents.size()) + " parents");
  }
  return OkStatus();
}

Status CheckInput(const JobSpec& spec, const ParentEdge& edge, const JobSpec& parent,
                  const std::string& what) {
  if (parent.quorum == 0) return OkStatus();
  return InvalidArgument(what + ": input \"" + edge.role + "\" of job \"" + spec.name +
                         "\" comes from " + parent.name +
                         ", whose result may lack something and be made again");
}

void BeBorn(Step& step, Job& job) {
  JobStatus status;
  status.created = step.now.wall;
  const Job* twin = nullptr;
  if (job.twins != nullptr && job.twins->succeeded) twin = &step.GetJob(job.twins->succeeded);
  if (twin != nullptr && MissingArtifact(job, twin->record.artifacts).empty()) {
    status.state = JobState::kSucceeded;
    status.reused_from = MakerOf(*twin);
    status.summary = twin->record.status.summary;
    status.finished = step.now.wall;
    job.record.artifacts = twin->record.artifacts;
  } else if (!Awaits(job)) {
    status.state = JobState::kReady;
    status.ready_at = step.now.wall;
  }
  job.record.status = std::move(status);
  if (StateOf(job) != JobState::kSucceeded) return;
  for (const JobId id : job.children) --step.GetJob(id).unfinished_parents;
  for (const JobId id : job.spared) --step.GetJob(id).open_shortcuts;
}

void EnterNewJob(Step& step, Job& job) {
  EnterState(step.core, job);
  step.Count(CounterEvent::What::kSubmitted, job);
  if (StateOf(job) != JobState::kSucceeded) return;
  ++step.GetSweep(job.record.spec.sweep).kinds[Index(job.record.spec.kind)].reused;
  step.Count(CounterEvent::What::kReused, job);
}

}  // namespace eida::sched
