#include "client/select.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/wire/enums.h"

namespace eida::client {
namespace {

// s12 or 12 -> 12; 0 otherwise.
int64_t SweepNumber(const std::string& text) {
  const std::string digits = !text.empty() && text[0] == 's' ? text.substr(1) : text;
  if (digits.empty() || digits.size() > 15 ||
      digits.find_first_not_of("0123456789") != std::string::npos)
    return 0;
  return std::stoll(digits);
}

int64_t JobNumber(const std::string& text) {
  return text.size() > 1 && text[0] == 'j' ? SweepNumber(text.substr(1)) : 0;
}

Result<std::vector<v1::Sweep>> AllSweeps(Api& api) {
  EIDA_ASSIGN_OR_RETURN(const v1::ListSweepsReply reply, api.ListSweeps({}));
  return std::vector<v1::Sweep>(reply.sweeps().begin(), reply.sweeps().end());
}

Status NoSuchSweep(const std::string& text, const std::vector<v1::Sweep>& all) {
  if (all.empty())
    return NotFound(
        "there is no sweep yet; start one with `eidactl run sweep.yaml` or `eidactl submit "
        "sweep.yaml`");
  std::vector<std::string> have;
  for (const v1::Sweep& sweep : all)
    have.push_back("s" + std::to_string(sweep.id())), have.push_back(sweep.name());
  return NotFound("there is no sweep \"" + text + "\"" + Meant(text, have) +
                  " (`eidactl get sweeps` lists them)");
}

Result<v1::Sweep> PickSweep(const std::vector<v1::Sweep>& all, const std::string& text) {
  if (text.empty() || text == "last") {
    if (all.empty()) return NoSuchSweep(text, all);
    return all.back();
  }
  const int64_t number = SweepNumber(text);
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    if (it->id() == number || it->name() == text) return *it;
  }
  return NoSuchSweep(text, all);
}

}  // namespace

Result<v1::Sweep> FindSweep(Api& api, const std::string& text) {
  EIDA_ASSIGN_OR_RETURN(const std::vector<v1::Sweep> all, AllSweeps(api));
  return PickSweep(all, text);
}

Result<std::vector<v1::Sweep>> FindSweeps(Api& api, const std::string& text) {
  EIDA_ASSIGN_OR_RETURN(const std::vector<v1::Sweep> all, AllSweeps(api));
  if (text == "all") return all;
  std::vector<v1::Sweep> chosen;
  for (const std::string& part : Split(text, ',')) {
    const size_t dash = part.find('-');
    const int64_t low = SweepNumber(part.substr(0, dash)),
                  high = dash == std::string::npos ? 0 : SweepNumber(part.substr(dash + 1));
    if (low > 0 && high >= low) {
      std::copy_if(all.begin(), all.end(), std::back_inserter(chosen),
                   [&](const v1::Sweep& s) { return s.id() >= low && s.id() <= high; });
      continue;
    }
    EIDA_ASSIGN_OR_RETURN(v1::Sweep sweep, PickSweep(all, part));
    chosen.push_back(std::move(sweep));
  }
  const auto id = [](const v1::Sweep& s) { return s.id(); };
  std::ranges::stable_sort(chosen, {}, id);
  const auto twice =
      std::ranges::unique(chosen, [&](const auto& a, const auto& b) { return id(a) == id(b); });
  chosen.erase(twice.begin(), twice.end());
  if (chosen.empty()) return NoSuchSweep(text, all);
  return chosen;
}

SweepPath SplitSweep(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string first = text.substr(0, slash);
  if (slash != std::string::npos &&
      (first == "last" || (first[0] == 's' && SweepNumber(first) > 0)))
    return {first, text.substr(slash + 1), true};
  return {"last", text, false};
}

bool IsRunSelection(const std::string& text) {
  return text.find_first_of("=!~<>") < text.find('/');
}

const v1::Job* SweepData::FindJob(const std::string& name) const {
  for (const v1::Job& job : jobs) {
    if (job.name() == name) return &job;
  }
  return nullptr;
}

const v1::Run* SweepData::FindRun(const std::string& name) const {
  for (const v1::Run& run : runs) {
    if (run.name() == name) return &run;
  }
  return nullptr;
}

const v1::Job* SweepData::JobOf(int64_t id) const {
  const auto found = std::ranges::find(jobs, id, [](const v1::Job& job) { return job.id(); });
  return found == jobs.end() ? nullptr : &*found;
}

const v1::Run* SweepData::RunOf(const v1::Job& job) const {
  if (job.run() == 0) return nullptr;
  const auto found =
      std::ranges::find(runs, job.run(), [](const v1::Run& run) { return run.id(); });
  return found == runs.end() ? nullptr : &*found;
}

Result<SweepData> LoadSweep(Api& api, const std::string& text, bool with_spec) {
  SweepData data;
  EIDA_ASSIGN_OR_RETURN(const v1::Sweep found, FindSweep(api, text));
  v1::ListSweepsRequest one;
  one.add_ids(found.id());
  one.set_with_source(true);
  EIDA_ASSIGN_OR_RETURN(const v1::ListSweepsReply sweeps, api.ListSweeps(one));
  data.sweep = sweeps.sweeps_size() > 0 ? sweeps.sweeps(0) : found;
  v1::ListRunsRequest runs;
  runs.set_sweep(found.id());
  EIDA_ASSIGN_OR_RETURN(const v1::ListRunsReply run_reply, api.ListRuns(runs));
  data.runs.assign(run_reply.runs().begin(), run_reply.runs().end());
  v1::ListJobsRequest jobs;
  jobs.set_sweep(found.id());
  jobs.set_with_spec(with_spec);
  EIDA_ASSIGN_OR_RETURN(const v1::ListJobsReply job_reply, api.ListJobs(jobs));
  data.jobs.assign(job_reply.jobs().begin(), job_reply.jobs().end());
  return data;
}

std::string DidYouMean(const SweepData& data, const std::string& text) {
  std::vector<std::string> names;
  for (const v1::Run& run : data.runs) names.push_back(run.name());
  for (const v1::Job& job : data.jobs) names.push_back(job.name());
  return Meant(text, names);
}

Result<FoundJob> FindJob(Api& api, const std::string& text) {
  auto [sweep, rest, named] = SplitSweep(text);
  if (const int64_t number = JobNumber(rest); number > 0 && !named) {
    v1::ListJobsRequest request;
    request.add_ids(number);
    EIDA_ASSIGN_OR_RETURN(const v1::ListJobsReply reply, api.ListJobs(request));
    if (reply.jobs_size() == 0)
      return NotFound("there is no job " + rest +
                      " (`eidactl get jobs` lists those of the newest sweep)");
    sweep = "s" + std::to_string(reply.jobs(0).sweep());
  }
  FoundJob found;
  EIDA_ASSIGN_OR_RETURN(found.data, LoadSweep(api, sweep, true));
  for (const v1::Job& job : found.data.jobs) {
    if (job.id() == JobNumber(rest) || job.name() == rest || job.name() == "train/" + rest) {
      found.job = job;
      return found;
    }
  }
  return NotFound("sweep " + found.data.Id() + " has no run or job \"" + rest + "\"" +
                  DidYouMean(found.data, rest) + " (`eidactl get runs`, `eidactl get jobs`)");
}

Result<v1::Artifact> FindArtifact(const v1::Job& job, const std::string& name) {
  for (const v1::Artifact& artifact : job.artifacts()) {
    if (artifact.name() == name) return artifact;
  }
  const auto state = wire::EnumFromProto<JobState>(job.state(), "job");
  const std::string text = state.ok() ? ToString(*state) : "unknown";
  std::string why =
      text == "succeeded"
          ? "it made none"
          : "the job is " + text + (job.error_message().empty() ? "" : ": " + job.error_message());
  return NotFound("job " + job.name() + " has no \"" + name + "\": " + why);
}

}  // namespace eida::client
