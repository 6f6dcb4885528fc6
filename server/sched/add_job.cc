#include <algorithm>

#include "server/sched/birth.h"
#include "server/sched/index.h"
#include "server/sched/reactor.h"
#include "server/sched/step.h"

namespace eida::sched {

Result<JobId> OnAddJob(Core& core, Effects& out, JobRecord record, Now now) {
  const auto found = core.sweeps.find(record.spec.sweep);
  if (found == core.sweeps.end()) {
    return NotFound("sweep " + record.spec.sweep.ToString() +
                    " does not exist; `eidactl get sweeps` lists them");
  }
  Sweep& sweep = found->second;
  const std::string what = sweep.record.id.ToString();
  EIDA_RETURN_IF_ERROR(CheckNewJob(record.spec, what));
  for (const JobId id : sweep.jobs) {
    const Job& job = core.jobs.at(id);
    if (job.record.spec.name != record.spec.name) continue;
    if (job.record.spec.fingerprint != record.spec.fingerprint) {
      return AlreadyExists(what + " has another job named \"" + record.spec.name + "\" (" +
                           id.ToString() + ")");
    }
    const JobState state = StateOf(job);
    if (IsTerminal(state) && state != JobState::kSucceeded) {
      const Result<int64_t> retried =
          OnRetry(core, out, sweep.record.id, {id}, ErrorClass::kNone, now);
      if (!retried.ok()) return retried.status();
    }
    return id;
  }
  for (const ParentEdge& edge : record.spec.parents) {
    const std::string input =
        what + ": input \"" + edge.role + "\" of \"" + record.spec.name + "\"";
    const auto it = core.jobs.find(edge.parent);
    if (it == core.jobs.end() || it->second.record.spec.sweep != sweep.record.id) {
      return InvalidArgument(input + " comes from " + edge.parent.ToString() +
                             ", which is not a job of this sweep");
    }
    const JobRecord& parent = it->second.record;
    EIDA_RETURN_IF_ERROR(CheckInput(record.spec, edge, parent.spec, what));
    if (edge.shortcut) continue;
    const JobState state = parent.status.state;
    if (state == JobState::kSucceeded) {
      const auto has = [&edge](const ArtifactRef& artifact) {
        return artifact.name == edge.artifact;
      };
      if (std::none_of(parent.artifacts.begin(), parent.artifacts.end(), has)) {
        return FailedPrecondition(input + ": " + parent.spec.name + " made no artifact \"" +
                                  edge.artifact + "\"");
      }
    } else if (IsTerminal(state)) {
      return FailedPrecondition(input + ": " + parent.spec.name + " is " + eida::ToString(state) +
                                "; `eidactl retry` it first");
    }
  }
  Step step(core, out, now);
  record.spec.id = JobId(core.next_job++);
  record.status = {};
  record.artifacts.clear();
  Job& job = InsertJob(core, std::move(record));
  BeBorn(step, job);
  EnterNewJob(step, job);
  out.Persist(AddJobs{{job.record}});
  step.Note("added", job, StateOf(job) == JobState::kSucceeded ? "its result was known" : "");
  step.Touch(sweep.record.id);
  step.Finish();
  return IdOf(job);
}

}  // namespace eida::sched
