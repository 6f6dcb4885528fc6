#include "worker/engine/train/trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/base/rng.h"
#include "common/catalog/catalog.h"
#include "worker/engine/formats/member.h"
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

Weights Copies(const Weights& weights, at::Device device) {
  Weights copies;
  for (const auto& [name, tensor] : weights) copies[name] = tensor.detach().to(device).clone();
  return copies;
}

// A copy that the training does not touch, where files are written from.
Weights Taken(const Weights& weights) {
  Weights copies;
  for (const auto& [name, tensor] : weights)
    copies[name] = tensor.is_cpu() ? tensor.detach().clone() : tensor.detach().cpu();
  return copies;
}

std::string Number(double value) { return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf"; }

const char kDiverged[] = "the run diverged; try a lower lr, a longer warm-up or gradient clipping";

double MetricOf(const Json& scores, const std::string& metric) {
  return GetOr<double>(scores, metric.c_str(), NAN);
}

}  // namespace

Result<std::unique_ptr<Trainer>> Trainer::Make(const Job& job) {
  std::unique_ptr<Trainer> t(new Trainer);
  EIDA_ASSIGN_OR_RETURN(t->s_, ReadTrainSettings(job));
  t->identity_ = IdentityOf(job);
  EIDA_ASSIGN_OR_RETURN(t->base_, LoadBase(job));
  EIDA_ASSIGN_OR_RETURN(t->model_, MakeRunModel(*t->base_, t->s_.dropout));
  auto adapter = MakeAdapter(job.spec.value("adapter", Json{{"type", "none"}}));
  if (!adapter.ok()) return Annotate(adapter.status(), "job " + job.name);
  t->adapter_ = std::move(*adapter);
  EIDA_ASSIGN_OR_RETURN(t->train_, LoadExamples(job, *t->base_, {"train", std::nullopt, 0}));
  if (!t->s_.eval_every.never()) {
    EIDA_ASSIGN_OR_RETURN(t->eval_,
                          LoadExamples(job, *t->base_, {t->s_.eval_split, std::nullopt, 0}));
  }
  // A state made anew begins with fresh moments, so its cycles are the schedule's.
  t->s_.schedule.restarts |= t->adapter_->refreshes();
  t->course_.emplace(t->s_, *t->train_);
  const Course::Epoch cycle = t->course_->Cycle(0);
  const int64_t updates = cycle.end - cycle.begin;
  const int64_t moves = WarmupSteps(t->s_.schedule, updates) > 0 ? 1 : 0;  // a warm-up begins at 0
  t->first_lr_ = LearningRate(t->s_.schedule, t->s_.lr, updates, moves);
  t->log_every_ = (t->course_->updates() + kLogPoints - 1) / kLogPoints;
  if (t->s_.early_stop) t->early_stop_.emplace(*t->s_.early_stop);
  if (job.resume) {
    EIDA_RETURN_IF_ERROR(t->Resume(*job.resume));
  } else {
    auto state = t->adapter_->Init(*t->base_, t->s_.seed, t->Data());
    if (!state.ok()) return Annotate(state.status(), "job " + job.name);
    if (job.spec.value("adapter", Json::object()).contains("init")) {
      const Status started = peft::StartFrom(*t->base_, job, *t->adapter_, &*state);
      if (!started.ok()) return Annotate(started, "job " + job.name);
    }
    EIDA_RETURN_IF_ERROR(t->Begin(std::move(*state)));
  }
  if (GetOr(job.spec.value("train", Json::object()), "trace", false))
    t->trace_.emplace(t->state_.trainable);
  return t;
}

TrainingData Trainer::Data() const {
  return {*train_, *model_, s_.compute, s_.order.batch_size, first_lr_};
}

Weights Trainer::AdapterState() const {
  Weights state = state_.fixed;
  for (const auto& [name, tensor] : state_.trainable) state[name] = tensor.detach();
  return state;
}

Status Trainer::Begin(Weights adapter_state) {
  state_.trainable.clear();
  state_.fixed.clear();
  for (auto& [name, tensor] : adapter_state)
    (adapter_->Trains(name) ? state_.trainable : state_.fixed)[name] = tensor;
  return Begin();
}

Status Trainer::Begin() {
  optimizer_ = std::make_unique<Adam>(s_.optimizer, state_.trainable);
  for (auto& [name, tensor] : state_.trainable) tensor.set_requires_grad(true);
  Weights state = state_.fixed;
  state.insert(state_.trainable.begin(), state_.trainable.end());
  over_.clear();
  patches_.clear();
  return adapter_->Attach(*base_, state, &over_, &patches_);
}

Status Trainer::Resume(const std::string& path) {
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
  EIDA_RETURN_IF_ERROR(Begin());
  return optimizer_->Restore(exp_avg, exp_avg_sq, state_.optimizer_steps);
}

uint64_t Trainer::DropoutStream(int64_t micro_batch) const {
  const uint64_t update = Rng::Mix(Rng::Mix(s_.seed ^ 0x64726f706f757421ULL) +
                                   static_cast<uint64_t>(state_.step) * 0x9e3779b97f4a7c15ULL);
  return Rng::Mix(update + static_cast<uint64_t>(micro_batch));
}

Context Trainer::PassContext(int64_t micro_batch) const {
  Context context(s_.compute);
  context.SetFrozen(&base_->weights, &base_->casts);
  context.SetPatches(&patches_);
  context.SetDropoutStream(DropoutStream(micro_batch));
  context.SetRecompute(s_.gradient_checkpointing);
  return context;
}

at::Tensor Trainer::LossOf(const Batch& batch, Context& context) const {
  const Tensors tensors{&over_, &base_->weights};
  return LossesOf(*model_, tensors, batch, context, s_.label_smoothing).sum.sum();
}

std::string Trainer::WhatIsNotFinite(const Batch& batch, int64_t micro_batch) const {
  const auto finite = [](const at::Tensor& x) { return at::isfinite(x).all().item<bool>(); };
  for (const auto& [name, tensor] : state_.trainable) {
    if (!finite(tensor)) return "the trained tensor " + name + " holds NaN or infinity";
  }
  const at::NoGradGuard no_grad;
  Context context = PassContext(micro_batch);
  std::string first;
  context.AddObserver([&](const Site& site, const at::Tensor& x, const at::Tensor& y) {
    if (first.empty() && !finite(y))
      first = (finite(x) ? "the output of " : "the input of ") + site.name +
              " is the first that is not finite";
  });
  LossOf(batch, context);
  return first.empty() ? "every linear map's output is finite" : first;
}

Status Trainer::NextCycle() {
  ++state_.cycle;
  scaler_ = LossScaler();
  if (!adapter_->refreshes()) {
    optimizer_ = std::make_unique<Adam>(s_.optimizer, state_.trainable);
    return OkStatus();
  }
  EIDA_ASSIGN_OR_RETURN(Weights state,
                        adapter_->Refresh(*base_, AdapterState(), s_.seed, state_.cycle, Data()));
  return Begin(std::move(state));
}

Status Trainer::Update(Events& events) {
  const int64_t step = state_.step;
  const auto batches = course_->MicroBatches(step);
  if (s_.schedule.restarts && step > 0 && course_->epoch().begin == step)
    EIDA_RETURN_IF_ERROR(NextCycle());
  const auto labels_of = [&](const std::vector<int64_t>& batch) {
    int64_t labels = 0;
    for (const int64_t item : batch) labels += train_->label_count(item);
    return labels;
  };
  int64_t labels = 0;
  for (const auto& batch : batches) labels += labels_of(batch);
  double loss_sum = 0, objective = 0;
  for (size_t i = 0; i < batches.size(); ++i) {
    const auto micro_batch = static_cast<int64_t>(i);
    const Batch batch = MakeBatch(*train_, batches[i], base_->device);
    Context context = PassContext(micro_batch);  // the backward pass may ask it once more
    const at::Tensor loss = LossOf(batch, context);
    const double value = loss.item<double>();
    if (!std::isfinite(value) && s_.compute != at::kHalf) {
      return NonfiniteError("the training loss is " + Number(value) + " at step " +
                            std::to_string(step + 1) + ": " + WhatIsNotFinite(batch, micro_batch) +
                            "; " + kDiverged);
    }
    const double divisor = static_cast<double>(
        s_.normalise == Normalise::kUpdate ? labels : labels_of(batches[i]) * s_.grad_accum);
    const at::Tensor scaled = loss / divisor;
    (s_.compute == at::kHalf ? scaled * scaler_.scale() : scaled).backward();
    loss_sum += value;
    objective += value / divisor;
    state_.items += batch.items();
    state_.tokens += batch.tokens();
    if (trace_) trace_->AddBatch(batches[i], *train_);
  }
  EIDA_RETURN_IF_ERROR(Step());
  ++state_.step;
  if (trace_) trace_->AddUpdate(objective);
  Count(loss_sum, labels);
  if (state_.step % log_every_ == 0 || state_.step == course_->updates()) Report(events);
  return OkStatus();
}

Status Trainer::Step() {
  const Course::Epoch cycle = course_->Cycle(state_.step);
  // A skipped step leaves the schedule where it is, as transformers does.
  lr_ = LearningRate(s_.schedule, s_.lr, cycle.end - cycle.begin, optimizer_->steps());
  const double scale = s_.compute == at::kHalf ? scaler_.scale() : 1.0;
  norm_ = optimizer_->GradNorm() / scale;
  const bool finite = std::isfinite(norm_);
  const std::string at = " at step " + std::to_string(state_.step + 1) + ": ";
  if (finite) optimizer_->Step(lr_, ClipFactor(norm_, s_.grad_clip) / scale);
  if (s_.compute == at::kHalf) {
    scaler_.Update(finite);
    if (finite) return OkStatus();
    if (scaler_.exhausted()) {
      return NonfiniteError("the gradient is not finite" + at + "even with the loss scaled by " +
                            std::to_string(scale) + ", first of " + optimizer_->FirstNonfinite() +
                            "; " + kDiverged);
    }
    optimizer_->DropGradients();
    ++state_.skipped;
    return OkStatus();
  }
  if (finite) return OkStatus();
  const std::string first = optimizer_->FirstNonfinite();
  return NonfiniteError("the gradient is not finite" + at +
                        (first.empty() ? "its norm is beyond fp32" : "first that of " + first) +
                        "; " + kDiverged);
}

void Trainer::Count(double loss_sum, int64_t labels) {
  const auto mean = [](double sum, int64_t n) { return n == 0 ? 0 : sum / static_cast<double>(n); };
  // A skipped fp16 step may have no loss: it counts as the mean so far.
  const bool finite = std::isfinite(loss_sum);
  const auto n = static_cast<double>(labels);
  state_.interval_loss +=
      finite ? loss_sum : n * mean(state_.interval_loss, state_.interval_labels);
  state_.loss_sum += finite ? loss_sum : n * mean(state_.loss_sum, state_.labels);
  state_.labels += labels;
  state_.interval_labels += labels;
}

void Trainer::Report(Events& events) {
  events.Metric("train/loss", state_.step,
                state_.interval_loss / static_cast<double>(state_.interval_labels));
  events.Metric("train/lr", state_.step, lr_);
  if (std::isfinite(norm_)) events.Metric("train/grad_norm", state_.step, norm_);
  if (s_.compute == at::kHalf) events.Metric("train/loss_scale", state_.step, scaler_.scale());
  state_.interval_loss = 0;
  state_.interval_labels = 0;
}

Result<bool> Trainer::Evaluate(Events& events) {
  EIDA_ASSIGN_OR_RETURN(const Weights merged, adapter_->Merge(*base_, AdapterState()));
  EIDA_ASSIGN_OR_RETURN(const EvalResult result,
                        EvaluateWeights(*base_, merged, *eval_, s_.eval_numerics));
  const Json scores = ToJson(Score(result));
  for (const catalog::Metric& metric : catalog::Metrics()) {
    if (scores.contains(metric.id))
      events.Metric(s_.eval_split + "/" + metric.id, state_.step, MetricOf(scores, metric.id));
  }
  const double value = MetricOf(scores, s_.metric);
  // Of equals the earlier one stays.
  const bool better =
      !state_.best || (s_.maximize ? value > MetricOf(state_.best->scores, s_.metric)
                                   : value < MetricOf(state_.best->scores, s_.metric));
  if (better)
    state_.best = BestSoFar{state_.step, scores,
                            s_.keep_best ? Copies(AdapterState(), base_->device) : Weights()};
  return early_stop_ && early_stop_->Saw(MetricOf(scores, early_stop_->settings().metric),
                                         course_->EpochsAfter(state_.step));
}

void Trainer::StartCheckpoint(const Job& job) {
  RunState state = state_;  // the best weights are never written to again: they are shared
  state.trainable = Taken(state_.trainable);
  state.fixed = Taken(state_.fixed);
  state.exp_avg = Taken(optimizer_->ExpAvg());
  state.exp_avg_sq = Taken(optimizer_->ExpAvgSq());
  state.optimizer_steps = optimizer_->steps();
  state.epoch = course_->epoch();
  state.scaler = scaler_.state();
  if (early_stop_) state.early_stop = early_stop_->state();
  const Json where = {{"epoch", course_->EpochsAfter(state.step)},
                      {"position", (state.step - state.epoch.begin) * s_.grad_accum},
                      {"rng", "order, masks and schedule are functions of seed and step"}};
  Json metrics = {
      {"train/loss", state.labels == 0 ? 0 : state.loss_sum / static_cast<double>(state.labels)}};
  if (state.best)
    metrics["best"] = {{"step", state.best->step},
                       {s_.metric, MetricOf(state.best->scores, s_.metric)}};
  const std::string path = job.out + "/checkpoint-" + std::to_string(state.step) + ".safetensors";
  saved_step_ = state.step;
  checkpoint_due_ = false;
  writer_.Start({std::move(state), identity_, path, where, metrics});
}

Status Trainer::AnnounceCheckpoint(Events& events, bool wait) {
  EIDA_ASSIGN_OR_RETURN(const auto written, wait ? writer_.Wait() : writer_.Poll());
  if (written) events.Checkpoint(written->step, written->path, written->metrics);
  return OkStatus();
}

Status Trainer::LeaveCheckpoint(const Job& job, Events& events) {
  EIDA_RETURN_IF_ERROR(AnnounceCheckpoint(events, true));
  if (state_.step == saved_step_ || state_.step == 0) return OkStatus();
  StartCheckpoint(job);
  return AnnounceCheckpoint(events, true);
}

Result<JobResult> Trainer::Finish(const Job& job) {
  JobResult result;
  const std::string kind = adapter_->artifact_kind();
  const auto add = [&](const std::string& name, const Weights& weights, int64_t step) -> Status {
    const std::string path = job.out + "/" + name + ".safetensors";
    EIDA_RETURN_IF_ERROR(WriteMember(*adapter_, weights, path));
    result.artifacts.push_back({name, kind, path, {{"step", step}}});
    return OkStatus();
  };
  EIDA_RETURN_IF_ERROR(add("weights", AdapterState(), state_.step));
  if (s_.keep_best && state_.best)
    EIDA_RETURN_IF_ERROR(add("best", state_.best->weights, state_.best->step));
  if (trace_) {
    const std::string path = job.out + "/trace.safetensors";
    EIDA_RETURN_IF_ERROR(trace_->Write(path));
    result.artifacts.push_back({"trace", "trace", path, Json::object()});
  }
  int64_t trainable = 0;
  for (const auto& [name, tensor] : state_.trainable) trainable += tensor.numel();
  result.summary = {
      {"steps", state_.step},
      {"epochs", course_->EpochsAfter(state_.step)},
      {"items", state_.items},
      {"tokens", state_.tokens},
      {"train_loss", state_.loss_sum / static_cast<double>(std::max<int64_t>(1, state_.labels))},
      {"trainable_parameters", trainable},
      {"base_parameters", base_->parameters()},
      {"resumed_from_step", resumed_from_}};
  if (s_.compute == at::kHalf) {
    result.summary["skipped_steps"] = state_.skipped;
    result.summary["loss_scale"] = scaler_.scale();
  }
  if (early_stop_) result.summary["stopped_early"] = stopped_early_;
  if (state_.best) {
    result.summary["best"] = state_.best->scores;
    result.summary["best"]["step"] = state_.best->step;
    result.summary["best"]["metric"] = s_.metric;
  }
  return result;
}

Result<JobResult> Trainer::Run(const Job& job, Events& events) {
  const Stopwatch watch;
  const int64_t updates = course_->updates();
  if (updates == 0 && eval_ != nullptr) EIDA_RETURN_IF_ERROR(Evaluate(events).status());
  while (state_.step < updates && !stopped_early_) {
    EIDA_RETURN_IF_ERROR(AnnounceCheckpoint(events, false));
    if (events.StopRequested()) {
      EIDA_RETURN_IF_ERROR(LeaveCheckpoint(job, events));
      return Preempted();
    }
    EIDA_RETURN_IF_ERROR(Update(events));
    const bool last = state_.step == updates;
    if (eval_ != nullptr && (last || course_->Due(s_.eval_every, state_.step))) {
      EIDA_ASSIGN_OR_RETURN(const bool stop, Evaluate(events));
      stopped_early_ = stop && !last;
      if (stopped_early_ && state_.interval_labels > 0) Report(events);
    }
    events.Progress(state_.step, updates, "steps");
    // The end itself needs no checkpoint: the weights follow. One that comes due while another is
    // being written is taken at the first update after.
    checkpoint_due_ = checkpoint_due_ || course_->Due(s_.checkpoint_every, state_.step);
    if (checkpoint_due_ && !last && !stopped_early_) {
      EIDA_RETURN_IF_ERROR(AnnounceCheckpoint(events, false));
      if (!writer_.busy()) StartCheckpoint(job);
    }
  }
  EIDA_RETURN_IF_ERROR(AnnounceCheckpoint(events, true));
  const double seconds = watch.Seconds();
  EIDA_ASSIGN_OR_RETURN(JobResult result, Finish(job));
  result.summary["seconds"] = seconds;
  result.summary["items_per_second"] =
      seconds > 0 ? static_cast<double>(state_.items - items_before_) / seconds : 0.0;
  return result;
}

Result<JobResult> RunTrain(const Job& job, Events& events) {
  EIDA_ASSIGN_OR_RETURN(const std::unique_ptr<Trainer> trainer, Trainer::Make(job));
  auto result = trainer->Run(job, events);
  if (!result.ok() && ErrorClassOf(result.status()) != "preempted")
    return Annotate(result.status(), "job " + job.name);
  return result;
}

}  // namespace eida::engine
