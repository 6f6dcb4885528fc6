#include <algorithm>

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "common/plan/job_list.h"
#include "common/plan/plan.h"

namespace eida::plan {
namespace {

const JobRecord* FindByName(const std::vector<JobRecord>& jobs, const std::string& name) {
  for (const JobRecord& job : jobs) {
    if (job.spec.name == name) return &job;
  }
  return nullptr;
}

// The job whose weights are exported; NotFound names what there is.
Result<const JobRecord*> SourceJob(const std::vector<JobRecord>& jobs,
                                   const std::vector<RunRecord>& runs, const std::string& source) {
  std::vector<std::string> have;
  if (source.rfind("run:", 0) == 0) {
    const std::string name = source.substr(4);
    for (const RunRecord& run : runs) {
      have.push_back(run.name);
      if (run.name != name) continue;
      for (const JobRecord& job : jobs) {
        if (job.spec.id == run.train_job) return &job;
      }
    }
    return NotFound("there is no run \"" + name + "\" in this sweep (runs: " + Join(have, ", ") +
                    ")");
  }
  if (source.rfind("soup:", 0) == 0) {
    const std::string name = source.substr(5);
    if (const JobRecord* job = FindByName(jobs, "soup/" + name)) return job;
    for (const JobRecord& job : jobs) {
      if (job.spec.kind == JobKind::kSoup) have.push_back(job.spec.name.substr(5));
    }
    return NotFound("there is no soup \"" + name + "\" in this sweep" +
                    (have.empty() ? ": it has none" : " (soups: " + Join(have, ", ") + ")"));
  }
  return InvalidArgument("\"" + source + "\" is neither run:NAME nor soup:NAME");
}

}  // namespace

Result<JobRecord> MakeExportJob(const std::vector<JobRecord>& jobs,
                                const std::vector<RunRecord>& runs, const std::string& source,
                                const std::string& format) {
  if (format != "peft" && format != "hf")
    return InvalidArgument("export format \"" + format + "\" is neither peft nor hf");
  EIDA_ASSIGN_OR_RETURN(const JobRecord* parent, SourceJob(jobs, runs, source));
  EIDA_ASSIGN_OR_RETURN(const Json parent_spec, ParseJson(parent->spec.spec, parent->spec.name));
  const Json adapter = parent_spec.value("adapter", Json{{"type", "none"}});
  const auto type = GetOr<std::string>(adapter, "type", "none");
  if (format == "peft" && !catalog::HasFactors(type)) {
    return InvalidArgument(source +
                           " has no low-rank factors, so there is nothing to write as a PEFT "
                           "directory; use the format hf");
  }
  JobRecord job;
  job.spec.sweep = parent->spec.sweep;
  job.spec.run = parent->spec.run;
  job.spec.kind = JobKind::kExport;
  job.spec.name = "export/" + source.substr(source.find(':') + 1) + "/" + format;
  const Json spec = {{"model", parent_spec.at("model")}, {"adapter", adapter}, {"format", format}};
  job.spec.spec = Canonical(spec);
  std::copy_if(parent->spec.inputs.begin(), parent->spec.inputs.end(),
               std::back_inserter(job.spec.inputs),
               [](const JobInput& input) { return input.name.rfind("model/", 0) == 0; });
  job.spec.parents = {{"weights", parent->spec.id, "weights"}};
  job.spec.fingerprint =
      FingerprintOf(job.spec.kind, spec, {{job.spec.parents[0], parent->spec.fingerprint}});
  job.spec.cost = 2;
  job.status.state = JobState::kBlocked;
  return job;
}

}  // namespace eida::plan
