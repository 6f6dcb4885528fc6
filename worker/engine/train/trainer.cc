// Drives training runs: one, or several in step with one another.
#include <torch/torch.h>

#include <algorithm>
#include <optional>

#include "common/base/digest.h"
#include "worker/engine/guard.h"
#include "worker/engine/train/pass.h"

namespace eida::engine {
namespace {

// A run and what it was asked for as.
struct Seat {
  size_t index = 0;
  std::unique_ptr<Run> run;
};

Result<JobResult> WithName(const Job& job, Result<JobResult> result) {
  if (result.ok() || ErrorClassOf(result.status()) == "preempted") return result;
  const std::string where = "job " + job.name;
  return Message(result.status()).rfind(where, 0) == 0 ? result.status()
                                                       : Annotate(result.status(), where);
}

// After these this process is not to be trusted.
bool Distrusted(const Status& status) {
  const std::string error_class = ErrorClassOf(status);
  return error_class == "oom" || error_class == "internal";
}

class Drive {
 public:
  Drive(std::vector<Seat> seats, const PackEnded& ended, bool& trusted)
      : seats_(std::move(seats)), ended_(ended), trusted_(trusted) {}

  void ToTheEnd() {
    Each([](Run& run) { return run.Start(); });
    while (FinishOver(), !seats_.empty()) {
      Each([this](Run& run) { return trusted_ ? run.Begin() : run.Leave(); });
      int64_t most = 0;
      for (const Seat& seat : seats_) most = std::max(most, seat.run->micro_batches());
      for (int64_t i = 0; i < most; ++i) Passes(i);
      Each([](Run& run) { return run.End(); });
    }
  }

 private:
  void EndOf(Seat& seat, Result<JobResult> result) {
    if (!result.ok() && Distrusted(result.status())) trusted_ = false;
    ended_(seat.index, WithName(seat.run->job(), std::move(result)));
    seat.run.reset();
  }
  void ForgetEnded() {
    seats_.erase(std::remove_if(seats_.begin(), seats_.end(),
                                [](const Seat& seat) { return seat.run == nullptr; }),
                 seats_.end());
  }
  static std::string Where(const Run& run) { return "job " + run.job().name + ": "; }

  // A run whose step fails ends with it.
  void Each(const std::function<Status(Run&)>& step) {
    for (Seat& seat : seats_) {
      const Status status =
          GuardedResult<Status>(Where(*seat.run), [&] { return step(*seat.run); });
      if (!status.ok()) EndOf(seat, status);
    }
    ForgetEnded();
  }

  void FinishOver() {
    for (Seat& seat : seats_) {
      if (!seat.run->over()) continue;
      EndOf(seat,
            GuardedResult<Result<JobResult>>(Where(*seat.run), [&] { return seat.run->Finish(); }));
    }
    ForgetEnded();
  }

  void Passes(int64_t i) {
    std::vector<Seat*> seats;
    std::vector<Run*> runs;
    for (Seat& seat : seats_) {
      if (i >= seat.run->micro_batches() || seat.run->items(i).empty()) continue;
      seats.push_back(&seat);
      runs.push_back(seat.run.get());
    }
    const std::vector<Status> statuses = PassesOf(runs, i);
    for (size_t k = 0; k < seats.size(); ++k) {
      if (!statuses[k].ok()) EndOf(*seats[k], statuses[k]);
    }
    ForgetEnded();
  }

  std::vector<Seat> seats_;
  const PackEnded& ended_;
  bool& trusted_;  // whether no run of the process has ended so that this is in doubt
};

}  // namespace

Result<JobResult> RunTrain(const Job& job, Events& events) {
  Result<JobResult> result = Internal("job " + job.name + ": no result");
  TrainPack({{&job, &events}}, [&](size_t, const Result<JobResult>& own) { result = own; });
  return result;
}

std::string PackKey(const Job& job) {
  const Json adapter = job.spec.value("adapter", Json::object()),
             train = job.spec.value("train", Json::object());
  const auto type = GetOr<std::string>(adapter, "type", "none"),
             precision = GetOr<std::string>(train, "precision", "fp32");
  if (job.gang || job.kind != "train" || (type != "lora" && type != "eva") || precision == "fp16")
    return "";
  Json key = {{"device", job.device},
              {"precision", precision},
              {"gradient_checkpointing", GetOr<bool>(train, "gradient_checkpointing", false)},
              {"label_smoothing", GetOr<double>(train, "label_smoothing", 0)},
              {"split", GetOr<std::string>(job.spec.value("eval", Json::object()), "split", "")}};
  for (const char* part : {"model", "data"}) key[part] = job.spec.value(part, Json());
  for (const auto& [role, path] : job.inputs) {
    if (role.rfind("model/", 0) == 0 || role.rfind("data/", 0) == 0) key["inputs"][role] = path;
  }
  return DigestOf(Canonical(key)).str().substr(0, 16);
}

void TrainPack(const std::vector<PackJob>& jobs, const PackEnded& ended) {
  std::vector<std::vector<Seat>> packs;
  bool trusted = true;
  for (size_t k = 0; k < jobs.size(); ++k) {
    const Job& job = *jobs[k].job;
    auto run = GuardedResult<Result<std::unique_ptr<Run>>>(
        "job " + job.name + ": ", [&] { return Run::Make(job, *jobs[k].events); });
    if (!run.ok()) {
      trusted = trusted && !Distrusted(run.status());
      ended(k, run.status());
      continue;
    }
    auto pack = std::find_if(packs.begin(), packs.end(), [&](const auto& other) {
      return CanShare(*other.front().run, **run);
    });
    if (pack == packs.end()) pack = packs.emplace(pack);
    pack->push_back({k, std::move(*run)});
  }
  for (std::vector<Seat>& pack : packs) Drive(std::move(pack), ended, trusted).ToTheEnd();
}

}  // namespace eida::engine
