#include "worker/exec/job_file.h"

#include "common/base/json.h"

namespace eida::exec {

Result<std::string> FormatJobFile(const JobFile& file) {
  Json jobs = Json::array();
  for (const RunnerJob& job : file.jobs) {
    const std::string what = "spec of job " + job.job.ToString() + " (" + job.name + ")";
    EIDA_ASSIGN_OR_RETURN(Json spec, ParseJson(job.spec.empty() ? "{}" : job.spec, what));
    if (!spec.is_object()) return InvalidArgument(what + " is no JSON object");
    Json entry = {{"job", job.job.value()}, {"attempt", job.attempt},  {"kind", ToString(job.kind)},
                  {"name", job.name},       {"spec", std::move(spec)}, {"inputs", job.inputs},
                  {"out", job.out}};
    if (!job.resume.empty()) entry["resume"] = job.resume;
    if (!job.missing.empty()) entry["missing"] = job.missing;
    jobs.push_back(std::move(entry));
  }
  Json json = {{"format", "eida/job/v1"},
               {"slot", {{"device", file.device}, {"threads", file.threads}}},
               {"jobs", std::move(jobs)}};
  if (file.ranks > 1)
    json["gang"] = {{"rank", file.rank}, {"ranks", file.ranks}, {"store", file.store}};
  if (!file.tokens_dir.empty())
    json["tokens"] = {{"dir", file.tokens_dir}, {"limit", file.tokens_limit}};
  return Pretty(json);
}

}  // namespace eida::exec
