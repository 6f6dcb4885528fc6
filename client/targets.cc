#include "client/scope.h"

namespace eida::client {
namespace {

Result<std::vector<Target>> SelectedRuns(Api& api, const SweepPath& path) {
  const std::string selector = path.sweep + "/" + path.rest;
  EIDA_ASSIGN_OR_RETURN(const Scope scope, Scope::Find(api, selector, "", false));
  const SweepData& data = scope.sweeps().front();
  Target target{data.sweep, {}, ""};
  for (const v1::Run& run : data.runs) {
    const v1::Job* job = scope.Has(data, run) ? data.JobOf(run.train_job()) : nullptr;
    if (job == nullptr) continue;
    target.text += (target.text.empty() ? "" : ", ") + run.name();
    target.jobs.push_back(*job);
  }
  if (target.jobs.empty())
    return NotFound("no run of " + data.Id() + " (" + data.sweep.name() + ") matches \"" +
                    path.rest + "\" (`eidactl get runs " + data.Id() + "` lists them)");
  return std::vector<Target>{std::move(target)};
}

}  // namespace

Result<std::vector<Target>> FindTargets(Api& api, const std::string& text) {
  const SweepPath path = SplitSweep(text);
  if (!path.rest.empty() && IsRunSelection(path.rest)) return SelectedRuns(api, path);
  if (text.find('/') == std::string::npos) {
    const Result<std::vector<v1::Sweep>> sweeps = FindSweeps(api, text.empty() ? "last" : text);
    if (sweeps.ok()) {
      std::vector<Target> targets;
      for (const v1::Sweep& sweep : *sweeps)
        targets.push_back({sweep, {}, "s" + std::to_string(sweep.id())});
      return targets;
    }
    // Only j17 and jobs without a slash in their name are left.
    const Result<FoundJob> job = FindJob(api, text);
    if (!job.ok()) return text[0] == 'j' ? job.status() : sweeps.status();
    return std::vector<Target>{{job->data.sweep, {job->job}, job->job.name()}};
  }
  EIDA_ASSIGN_OR_RETURN(const FoundJob found, FindJob(api, text));
  return std::vector<Target>{{found.data.sweep, {found.job}, found.job.name()}};
}

}  // namespace eida::client
