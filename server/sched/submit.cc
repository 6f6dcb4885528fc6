#include <algorithm>
#include <set>

#include "server/sched/birth.h"
#include "server/sched/index.h"
#include "server/sched/policy.h"
#include "server/sched/reactor.h"
#include "server/sched/step.h"

namespace eida::sched {
namespace {

// The plan's numbers are 1..n, each once, and parents come before children, so the graph has no
// cycle.
Status CheckPlan(const AddSweep& plan) {
  const std::string what = "plan of sweep \"" + plan.sweep.name + "\"";
  const auto n = static_cast<int64_t>(plan.jobs.size());
  std::vector<const JobRecord*> by_id(plan.jobs.size() + 1);  // those that stand above
  const auto runs = static_cast<int64_t>(plan.runs.size());
  std::set<std::string> names;
  for (const JobRecord& job : plan.jobs) {
    const JobSpec& spec = job.spec;
    EIDA_RETURN_IF_ERROR(CheckNewJob(spec, what));
    if (!names.insert(spec.name).second)
      return InvalidArgument(what + ": two jobs are called \"" + spec.name + "\"");
    if (spec.run.value() < 0 || spec.run.value() > runs) {
      return InvalidArgument(what + ": job \"" + spec.name + "\" names run " +
                             std::to_string(spec.run.value()) + ", which the plan does not have");
    }
    const int64_t id = spec.id.value();
    if (id < 1 || id > n || by_id[static_cast<size_t>(id)] != nullptr) {
      return InvalidArgument(what + ": job \"" + spec.name + "\" has number " + std::to_string(id) +
                             "; the numbers must be 1.." + std::to_string(n) + ", each once");
    }
    for (const ParentEdge& edge : spec.parents) {
      const int64_t parent = edge.parent.value();
      if (parent < 1 || parent >= id || by_id[static_cast<size_t>(parent)] == nullptr) {
        return InvalidArgument(what + ": input \"" + edge.role + "\" of job \"" + spec.name +
                               "\" comes from job " + std::to_string(parent) +
                               ", which does not stand before it");
      }
      EIDA_RETURN_IF_ERROR(CheckInput(spec, edge, by_id[static_cast<size_t>(parent)]->spec, what));
    }
    by_id[static_cast<size_t>(id)] = &job;
  }
  for (const RunRecord& run : plan.runs) {
    const bool known = run.id.value() >= 1 && run.id.value() <= runs;
    if (!known || run.train_job.value() < 0 || run.train_job.value() > n) {
      return InvalidArgument(what + ": run \"" + run.name + "\" has number " +
                             std::to_string(run.id.value()) + " and train job " +
                             std::to_string(run.train_job.value()) + ", but the plan has " +
                             std::to_string(runs) + " runs and " + std::to_string(n) + " jobs");
    }
  }
  return OkStatus();
}

// Local numbers -> real ids.
void Renumber(Core& core, AddSweep& plan) {
  plan.sweep.id = SweepId(core.next_sweep++);
  const int64_t run_base = core.next_run - 1;
  const int64_t job_base = core.next_job - 1;
  for (RunRecord& run : plan.runs) {
    run.id = RunId(run_base + run.id.value());
    run.sweep = plan.sweep.id;
    if (run.train_job) run.train_job = JobId(job_base + run.train_job.value());
  }
  for (JobRecord& job : plan.jobs) {
    job.spec.id = JobId(job_base + job.spec.id.value());
    job.spec.sweep = plan.sweep.id;
    if (job.spec.run) job.spec.run = RunId(run_base + job.spec.run.value());
    for (ParentEdge& edge : job.spec.parents) edge.parent = JobId(job_base + edge.parent.value());
  }
  core.next_run += static_cast<int64_t>(plan.runs.size());
  core.next_job += static_cast<int64_t>(plan.jobs.size());
}

}  // namespace

Result<SweepId> OnSubmit(Core& core, Effects& out, AddSweep plan, Now now) {
  if (!plan.sweep.idempotency_key.empty()) {
    const auto known = core.by_key.find(plan.sweep.idempotency_key);
    if (known != core.by_key.end()) {
      if (core.sweeps.at(known->second).record.fingerprint == plan.sweep.fingerprint)
        return known->second;
      return AlreadyExists("idempotency key \"" + plan.sweep.idempotency_key + "\" belongs to " +
                           known->second.ToString() + ", which is another study; use a new key");
    }
  }
  EIDA_RETURN_IF_ERROR(CheckPlan(plan));
  Renumber(core, plan);
  Step step(core, out, now);
  const SweepId id = plan.sweep.id;
  Sweep& sweep = core.sweeps[id];
  plan.sweep.created = now.wall;
  plan.sweep.finished = {};
  plan.sweep.state = SweepState::kRunning;
  sweep.record = plan.sweep;
  if (!plan.sweep.idempotency_key.empty()) core.by_key[plan.sweep.idempotency_key] = id;
  if (!plan.sweep.fingerprint.empty()) core.by_fingerprint[plan.sweep.fingerprint] = id;
  for (JobRecord& record : plan.jobs) {
    record.status = {};
    record.artifacts.clear();
    InsertJob(core, record);
  }
  ComputeRemaining(core, sweep);
  for (JobRecord& record : plan.jobs) {
    Job& job = core.jobs.at(record.spec.id);
    BeBorn(step, job);
    record.status = job.record.status;
    record.artifacts = job.record.artifacts;
    EnterNewJob(step, job);
  }
  sweep.record.state = SweepStateOf(sweep.by_state);
  if (IsTerminal(sweep.record.state)) sweep.record.finished = now.wall;
  plan.sweep = sweep.record;
  const int64_t reused = sweep.by_state[Index(JobState::kSucceeded)];
  const std::string said =
      std::to_string(plan.jobs.size()) + " jobs, " + std::to_string(reused) + " reused";
  out.Persist(std::move(plan));
  step.Note("submitted", sweep, said);
  step.Touch(id);
  step.Finish();
  return id;
}

std::optional<SweepId> FindByFingerprint(const Core& core, const Fingerprint& fingerprint) {
  const auto it = core.by_fingerprint.find(fingerprint);
  if (it == core.by_fingerprint.end()) return std::nullopt;
  return it->second;
}

}  // namespace eida::sched
