#include "server/sched/birth.h"

#include "server/sched/index.h"

namespace eida::sched {

Status CheckNewJob(const JobSpec& spec, const std::string& what) {
  if (spec.slots >= 1) return OkStatus();
  return InvalidArgument(what + ": job \"" + spec.name + "\" asks for " +
                         std::to_string(spec.slots) + " slots; a lease has at least one");
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
  } else if (job.unfinished_parents == 0) {
    status.state = JobState::kReady;
    status.ready_at = step.now.wall;
  }
  job.record.status = std::move(status);
}

void EnterNewJob(Step& step, Job& job) {
  EnterState(step.core, job);
  step.Count(CounterEvent::What::kSubmitted, job);
  if (StateOf(job) != JobState::kSucceeded) return;
  ++step.GetSweep(job.record.spec.sweep).kinds[Index(job.record.spec.kind)].reused;
  step.Count(CounterEvent::What::kReused, job);
}

}  // namespace eida::sched
