#include "worker/runner/bundle.h"

#include "common/base/fs.h"
#include "common/base/log_text.h"

namespace eida::runner {
namespace {

Result<engine::JobResult> RunOne(const engine::Job& job, const JobFunction& run,
                                 engine::Events& events) {
  if (events.StopRequested()) return engine::Preempted();
  const Status made = MakeDirs(job.out);
  if (!made.ok())
    return engine::IoError("job " + job.name + ": output directory " + job.out + ": " +
                           Message(made));
  return run(job, events);
}

void WriteResult(EventWriter& writer, int64_t job, const engine::JobResult& result) {
  for (const engine::OutputFile& file : result.artifacts) {
    writer.Write(
        "artifact", job,
        {{"name", file.name}, {"kind", file.kind}, {"path", file.path}, {"meta", file.meta}});
  }
  writer.Write("done", job, {{"summary", result.summary}});
}

}  // namespace

int RunBundle(const JobFile& file, const JobFunction& run, EventWriter& writer,
              const std::atomic<bool>& stop, const Clock& clock) {
  int code = kExitDone;
  for (const NumberedJob& entry : file.jobs) {
    JobEvents events(writer, entry.number, stop, clock);
    writer.Write("started", entry.number, Json::object());
    LogInfo(entry.job.name + " starts (" + entry.job.kind + ")");
    const auto result = RunOne(entry.job, run, events);
    if (result.ok()) {
      WriteResult(writer, entry.number, *result);
      LogInfo(entry.job.name + " is done: " + result->summary.dump());
    } else {
      const std::string error_class = engine::ErrorClassOf(result.status());
      if (error_class == "preempted") {
        writer.Write("preempted", entry.number, Json::object());
        LogInfo(entry.job.name + " stops as asked");
        return kExitStopped;
      }
      writer.Write("error", entry.number,
                   {{"class", error_class}, {"message", Message(result.status())}});
      LogError(entry.job.name + " failed (" + error_class + "): " + Message(result.status()));
      code = kExitFailed;
      if (error_class == "oom" || error_class == "internal") return code;
    }
    if (writer.broken()) return kExitFailed;
  }
  return code;
}

}  // namespace eida::runner
