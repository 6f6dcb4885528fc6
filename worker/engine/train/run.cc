#include "worker/engine/train/run.h"

#include <torch/torch.h>

#include "common/base/digest.h"
#include "worker/engine/formats/peft_read.h"
#include "worker/engine/train/schedule.h"

namespace eida::engine {
namespace {

// Metrics of the loss: about this many a run.
constexpr int64_t kLogPoints = 100;

// What a checkpoint must agree on to be continued: all that decides the trainable tensors.
std::string IdentityOf(const Job& job) {
  Json json = Json::object();
  for (const char* key : {"model", "data", "seed", "adapter", "train"})
    json[key] = job.spec.value(key, Json());
  // An early stop ends the run by what its evaluations see.
  for (const char* key : {"early_stop", "eval"}) {
    if (job.spec.contains("early_stop")) json[key] = job.spec.value(key, Json());
  }
  return DigestOf(Canonical(json)).str().substr(0, 16);
}

Status CheckFits(const Weights& fresh, const Weights& stored, const std::string& path) {
  for (const auto& [name, tensor] : fresh) {
    const auto found = stored.find(name);
    if (found == stored.end() || found->second.sizes() != tensor.sizes()) {
      return ConfigError(path + ": the checkpoint has no fitting tensor " + name);
    }
  }
  if (stored.size() != fresh.size())
    return ConfigError(path + ": the checkpoint has tensors that this run does not have");
  return OkStatus();
}

}  // namespace

Result<std::unique_ptr<Run>> Run::Make(const Job& job, Events& events) {
  std::unique_ptr<Run> run(new Run(job, events));
  EIDA_RETURN_IF_ERROR(run->Open());
  return run;
}

Status Run::Open() {
  EIDA_ASSIGN_OR_RETURN(s_, ReadTrainSettings(job_));
  identity_ = IdentityOf(job_);
  EIDA_ASSIGN_OR_RETURN(base_, LoadBase(job_));
  EIDA_ASSIGN_OR_RETURN(model_, MakeRunModel(*base_, s_.dropout));
  auto adapter = MakeAdapter(job_.spec.value("adapter", Json{{"type", "none"}}));
  if (!adapter.ok()) return Annotate(adapter.status(), "job " + job_.name);
  adapter_ = std::move(*adapter);
  EIDA_ASSIGN_OR_RETURN(train_, LoadExamples(job_, *base_, {"train", std::nullopt, 0}));
  if (!s_.eval_every.never()) {
    EIDA_ASSIGN_OR_RETURN(eval_, LoadExamples(job_, *base_, {s_.eval_split, std::nullopt, 0}));
  }
  // A state made anew begins with fresh moments, so its cycles are the schedule's.
  s_.schedule.restarts |= adapter_->refreshes();
  course_.emplace(s_, *train_);
  const Course::Epoch cycle = course_->Cycle(0);
  const int64_t updates = cycle.end - cycle.begin;
  const int64_t moves = WarmupSteps(s_.schedule, updates) > 0 ? 1 : 0;  // a warm-up begins at 0
  first_lr_ = LearningRate(s_.schedule, s_.lr, updates, moves);
  log_every_ = (course_->updates() + kLogPoints - 1) / kLogPoints;
  if (s_.early_stop) early_stop_.emplace(*s_.early_stop);
  if (job_.resume) {
    EIDA_RETURN_IF_ERROR(Resume(*job_.resume));
  } else {
    const Stopwatch watch;
    auto state = adapter_->Init(*base_, s_.seed, Data());
    adapter_seconds_ += watch.Seconds();
    if (!state.ok()) return Annotate(state.status(), "job " + job_.name);
    if (job_.spec.value("adapter", Json::object()).contains("init")) {
      const Status started = peft::StartFrom(*base_, job_, *adapter_, &*state);
      if (!started.ok()) return Annotate(started, "job " + job_.name);
    }
    EIDA_RETURN_IF_ERROR(Use(std::move(*state)));
  }
  if (GetOr(job_.spec.value("train", Json::object()), "trace", false))
    trace_.emplace(state_.trainable);
  return OkStatus();
}

TrainingData Run::Data() const {
  return {*train_, *model_, s_.compute, s_.order.batch_size, first_lr_};
}

Weights Run::AdapterState() const {
  Weights state = state_.fixed;
  for (const auto& [name, tensor] : state_.trainable) state[name] = tensor.detach();
  return state;
}

Status Run::Use(Weights adapter_state) {
  for (auto& [name, tensor] : adapter_state) {
    if (gang_.size() == 1) break;
    tensor = tensor.contiguous().clone();
    EIDA_RETURN_IF_ERROR(gang_.Broadcast(tensor));
  }
  state_.trainable.clear();
  state_.fixed.clear();
  for (auto& [name, tensor] : adapter_state)
    (adapter_->Trains(name) ? state_.trainable : state_.fixed)[name] = tensor;
  return Use();
}

Status Run::Use() {
  optimizer_ = std::make_unique<Adam>(s_.optimizer, state_.trainable);
  for (auto& [name, tensor] : state_.trainable) tensor.set_requires_grad(true);
  Weights state = state_.fixed;
  state.insert(state_.trainable.begin(), state_.trainable.end());
  over_.clear();
  patches_.clear();
  return adapter_->Attach(*base_, state, &over_, &patches_);
}

Status Run::Resume(const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(state_, ReadCheckpoint(path, identity_));
  if (state_.step > course_->updates())
    return ConfigError(path + ": the checkpoint is past the end of this run");
  if (adapter_->refreshes()) {  // its state depends on how far the run was: it must merge
    const auto merged = adapter_->Merge(*base_, AdapterState());
    if (!merged.ok()) return Annotate(merged.status(), path);
  } else {
    EIDA_ASSIGN_OR_RETURN(const Weights fresh, adapter_->Init(*base_, s_.seed, Data()));
    EIDA_RETURN_IF_ERROR(CheckFits(fresh, AdapterState(), path));
  }
  // Off the file's mapping: the file may go while the run goes on.
  for (Weights* part : {&state_.trainable, &state_.fixed}) *part = Copies(*part, base_->device);
  if (state_.best) state_.best->weights = Copies(state_.best->weights, base_->device);
  resumed_from_ = saved_step_ = state_.step;
  items_before_ = state_.items;
  if (state_.epoch.end > state_.epoch.begin) course_->Resume(state_.epoch);
  if (state_.step > 0) course_->At(state_.step - 1);
  scaler_ = LossScaler(state_.scaler);
  if (early_stop_) early_stop_.emplace(*s_.early_stop, state_.early_stop);
  const Weights exp_avg = std::move(state_.exp_avg), exp_avg_sq = std::move(state_.exp_avg_sq);
  state_.exp_avg.clear();
  state_.exp_avg_sq.clear();
  EIDA_RETURN_IF_ERROR(Use());
  return optimizer_->Restore(exp_avg, exp_avg_sq, state_.optimizer_steps);
}

Status Run::NextCycle() {
  ++state_.cycle;
  scaler_ = LossScaler();
  if (!adapter_->refreshes()) {
    optimizer_ = std::make_unique<Adam>(s_.optimizer, state_.trainable);
    return OkStatus();
  }
  const Stopwatch watch;
  EIDA_ASSIGN_OR_RETURN(Weights state,
                        adapter_->Refresh(*base_, AdapterState(), s_.seed, state_.cycle, Data()));
  adapter_seconds_ += watch.Seconds();
  return Use(std::move(state));
}

}  // namespace eida::engine
