#include "worker/runner/dispatch.h"

#include "common/base/fs.h"
#include "worker/analysis/analysis.h"
#include "worker/engine/guard.h"
#include "worker/engine/study.h"

namespace eida::runner {
namespace {

struct Entry {
  const char* kind;
  Result<engine::JobResult> (*run)(const engine::Job&, engine::Events&);
  bool passes = false;  // its summary says how many passes of whole models over items it took
};
constexpr Entry kJobs[] = {
    {"train", engine::RunTrain},       {"evaluate", engine::RunEvaluate, true},
    {"gram", analysis::RunGram, true}, {"path", analysis::RunPath, true},
    {"matrix", analysis::RunMatrix},   {"soup", analysis::RunSoup, true},
    {"export", engine::RunExport},     {"generate", engine::RunGenerate},
    {"observe", engine::RunObserve},   {"new_model", engine::RunNewModel},
};

Status InputsAreThere(const engine::Job& job) {
  for (const auto& [role, path] : job.inputs) {
    if (!FileExists(path))
      return engine::IoError("job " + job.name + ": input " + role + ": no file " + path);
  }
  return OkStatus();
}

}  // namespace

std::vector<std::string> JobKinds() {
  std::vector<std::string> kinds;
  for (const Entry& entry : kJobs) kinds.emplace_back(entry.kind);
  return kinds;
}

Result<engine::JobResult> RunJob(const engine::Job& job, engine::Events& events) {
  EIDA_RETURN_IF_ERROR(InputsAreThere(job));
  for (const Entry& entry : kJobs) {
    if (job.kind != entry.kind) continue;
    const engine::Passes before = engine::PassesSoFar();
    auto result = engine::GuardedResult<Result<engine::JobResult>>(
        "job " + job.name + ": ", [&] { return entry.run(job, events); });
    if (result.ok() && entry.passes) {
      const engine::Passes now = engine::PassesSoFar();
      result->summary["model_passes"] = now.models - before.models;
      result->summary["item_passes"] = now.items - before.items;
    }
    return result;
  }
  return engine::ConfigError("job " + job.name + ": unknown kind \"" + job.kind + "\"");
}

Result<engine::JobResult> RunJobInGang(const engine::GangPlace& place, const engine::Job& job,
                                       engine::Events& events) {
  engine::Job ranked = job;
  EIDA_ASSIGN_OR_RETURN(ranked.gang, engine::JoinGang(place, at::Device(job.device)));
  return RunJob(ranked, events);
}

void RunPack(const std::vector<engine::PackJob>& jobs, const engine::PackEnded& ended) {
  std::vector<engine::PackJob> whole;
  std::vector<size_t> places;
  for (size_t k = 0; k < jobs.size(); ++k) {
    const Status there = InputsAreThere(*jobs[k].job);
    if (!there.ok()) {
      ended(k, there);
      continue;
    }
    whole.push_back(jobs[k]);
    places.push_back(k);
  }
  engine::TrainPack(whole, [&](size_t index, const Result<engine::JobResult>& result) {
    ended(places[index], result);
  });
}

}  // namespace eida::runner
