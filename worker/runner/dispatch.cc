#include "worker/runner/dispatch.h"

#include <c10/util/Exception.h>

#include <new>

#include "common/base/fs.h"
#include "worker/analysis/analysis.h"
#include "worker/engine/study.h"

namespace eida::runner {
namespace {

struct Entry {
  const char* kind;
  Result<engine::JobResult> (*run)(const engine::Job&, engine::Events&);
};
constexpr Entry kJobs[] = {
    {"train", engine::RunTrain},   {"evaluate", engine::RunEvaluate}, {"gram", analysis::RunGram},
    {"path", analysis::RunPath},   {"matrix", analysis::RunMatrix},   {"soup", analysis::RunSoup},
    {"export", engine::RunExport}, {"generate", engine::RunGenerate},
};

// libtorch reports a host allocation that failed as a plain error.
bool IsHostOutOfMemory(const std::string& what) {
  return what.find("DefaultCPUAllocator") != std::string::npos ||
         what.find("std::bad_alloc") != std::string::npos;
}

Result<engine::JobResult> Guarded(const Entry& entry, const engine::Job& job,
                                  engine::Events& events) {
  const std::string where = "job " + job.name + ": ";
  try {
    return entry.run(job, events);
  } catch (const c10::OutOfMemoryError& error) {
    return engine::OomError(where + error.what_without_backtrace());
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    return IsHostOutOfMemory(what) ? engine::OomError(where + what)
                                   : Internal(where + "libtorch: " + what);
  } catch (const std::bad_alloc&) {
    return engine::OomError(where + "out of memory");
  } catch (const std::exception& error) {
    return IsHostOutOfMemory(error.what())
               ? engine::OomError(where + error.what())
               : Internal(where + "unexpected exception: " + error.what());
  }
}

}  // namespace

std::vector<std::string> JobKinds() {
  std::vector<std::string> kinds;
  for (const Entry& entry : kJobs) kinds.emplace_back(entry.kind);
  return kinds;
}

Result<engine::JobResult> RunJob(const engine::Job& job, engine::Events& events) {
  for (const auto& [role, path] : job.inputs) {
    if (!FileExists(path))
      return engine::IoError("job " + job.name + ": input " + role + ": no file " + path);
  }
  for (const Entry& entry : kJobs) {
    if (job.kind == entry.kind) return Guarded(entry, job, events);
  }
  return engine::ConfigError("job " + job.name + ": unknown kind \"" + job.kind + "\"");
}

}  // namespace eida::runner
