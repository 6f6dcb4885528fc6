#include "worker/runner/bundle.h"

#include <deque>

#include "common/base/fs.h"
#include "common/base/log_text.h"

namespace eida::runner {
namespace {

class Runner {
 public:
  Runner(const JobFile& file, const JobFunctions& functions, EventWriter& writer,
         const std::atomic<bool>& stop, const Clock& clock)
      : file_(file), functions_(functions), writer_(writer), stop_(stop), clock_(clock) {}

  int Run() {
    std::vector<bool> taken(file_.jobs.size());
    for (size_t i = 0; i < file_.jobs.size(); ++i) {
      if (taken[i]) continue;
      std::vector<const NumberedJob*> together;
      for (const size_t k : LikeFrom(i)) {
        taken[k] = true;
        together.push_back(&file_.jobs[k]);
      }
      together.size() == 1 ? RunOne(*together.front()) : RunPack(together);
      if (peer_lost_) return kExitPeerLost;
      if (distrusted_) return kExitFailed;
      if (stopped_) return kExitStopped;
      if (writer_.broken()) return kExitFailed;
    }
    return failed_ ? kExitFailed : kExitDone;
  }

 private:
  std::string KeyOf(const NumberedJob& entry) const {
    return functions_.pack_key ? functions_.pack_key(entry.job) : "";
  }
  // The i-th job and those behind it with the same pack key.
  std::vector<size_t> LikeFrom(size_t i) const {
    std::vector<size_t> like = {i};
    const std::string key = KeyOf(file_.jobs[i]);
    for (size_t k = i + 1; !key.empty() && k < file_.jobs.size(); ++k) {
      if (KeyOf(file_.jobs[k]) == key) like.push_back(k);
    }
    return like;
  }

  Status Begin(const NumberedJob& entry) {
    writer_.Write("started", entry.number, Json::object());
    LogInfo(entry.job.name + " starts (" + entry.job.kind + ")");
    if (stop_.load(std::memory_order_relaxed) || writer_.broken()) return engine::Preempted();
    const Status made = MakeDirs(entry.job.out);
    return made.ok() ? made
                     : engine::IoError("job " + entry.job.name + ": output directory " +
                                       entry.job.out + ": " + Message(made));
  }

  void RunOne(const NumberedJob& entry) {
    JobEvents events(writer_, entry.number, stop_, clock_);
    const Status begun = Begin(entry);
    End(entry, begun.ok() ? functions_.run(entry.job, events) : begun);
  }

  void RunPack(const std::vector<const NumberedJob*>& entries) {
    std::deque<JobEvents> events;
    std::vector<const NumberedJob*> begun;
    std::vector<engine::PackJob> pack;
    for (const NumberedJob* entry : entries) {
      const Status status = Begin(*entry);
      if (!status.ok()) {
        End(*entry, status);
        continue;
      }
      events.emplace_back(writer_, entry->number, stop_, clock_);
      begun.push_back(entry);
      pack.push_back({&entry->job, &events.back()});
    }
    if (pack.empty()) return;
    functions_.run_pack(pack, [&](size_t index, const Result<engine::JobResult>& result) {
      End(*begun[index], result);
    });
  }

  void End(const NumberedJob& entry, const Result<engine::JobResult>& result) {
    if (result.ok()) {
      WriteResult(entry.number, *result);
      LogInfo(entry.job.name + " is done: " + result->summary.dump());
      return;
    }
    const std::string error_class = engine::ErrorClassOf(result.status());
    if (error_class == "preempted") {
      writer_.Write("preempted", entry.number, Json::object());
      LogInfo(entry.job.name + " stops as asked");
      stopped_ = true;
      return;
    }
    if (error_class == "peer_lost") {
      LogError(entry.job.name + ": " + Message(result.status()));
      peer_lost_ = true;
      return;
    }
    writer_.Write("error", entry.number,
                  {{"class", error_class}, {"message", Message(result.status())}});
    LogError(entry.job.name + " failed (" + error_class + "): " + Message(result.status()));
    failed_ = true;
    if (error_class == "oom" || error_class == "internal") distrusted_ = true;
  }

  void WriteResult(int64_t job, const engine::JobResult& result) {
    for (const engine::OutputFile& file : result.artifacts) {
      writer_.Write(
          "artifact", job,
          {{"name", file.name}, {"kind", file.kind}, {"path", file.path}, {"meta", file.meta}});
    }
    writer_.Write("done", job, {{"summary", result.summary}});
  }

  const JobFile& file_;
  const JobFunctions& functions_;
  EventWriter& writer_;
  const std::atomic<bool>& stop_;
  const Clock& clock_;
  bool failed_ = false, distrusted_ = false, stopped_ = false, peer_lost_ = false;
};

}  // namespace

int RunBundle(const JobFile& file, const JobFunctions& functions, EventWriter& writer,
              const std::atomic<bool>& stop, const Clock& clock) {
  return Runner(file, functions, writer, stop, clock).Run();
}

}  // namespace eida::runner
