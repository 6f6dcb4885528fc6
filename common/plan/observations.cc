// Observations: token statistics of the base model or of runs.
#include "common/plan/parts.h"

namespace eida::plan {

Status AddObservation(const spec::ObservationSpec& o, Draft& draft) {
  const auto targets = o.settings["targets"].get<std::vector<std::string>>();
  const auto sites = catalog::TargetSites(draft.inputs().model.sites, targets);
  if (!sites.ok()) return Annotate(sites.status(), "observation \"" + o.name + "\"");
  NewJob job{JobKind::kObserve, "observe/" + o.name, RunId()};
  job.spec = {{"split", o.split},
              {"seed", o.seed},
              {"observe", o.settings},
              {"numerics", {{"precision", o.precision}}}};
  draft.See({o.split}, job);
  job.cost = 60;
  if (!o.of_runs) {
    draft.jobs.Add(std::move(job));
    return OkStatus();
  }
  EIDA_ASSIGN_OR_RETURN(const std::vector<size_t> runs, draft.Select(o.select));
  for (const size_t run : runs) {
    NewJob own = job;
    own.name += "/" + draft.runs[run].name;
    own.run = draft.runs[run].id;
    own.parents = {draft.Weights(run, "final", "weights")};
    draft.jobs.Add(std::move(own));
  }
  return OkStatus();
}

}  // namespace eida::plan
