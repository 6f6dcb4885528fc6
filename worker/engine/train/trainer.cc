#include "worker/engine/train/trainer.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "common/base/clock.h"
#include "common/base/digest.h"
#include "common/base/rng.h"
#include "common/catalog/catalog.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/train/order.h"

namespace eida::engine {
namespace {

// Metrics of the loss: about this many a run.
constexpr int64_t kLogPoints = 100;

// What a checkpoint must agree on to be continued: all that decides the trainable tensors.
std::string IdentityOf(const Job& job) {
  Json json = Json::object();
  for (const char* key : {"model", "data", "seed", "adapter", "train"})
    json[key] = job.spec.value(key, Json());
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
  t->length_ = LengthOf(t->s_, t->train_->size());
  t->log_every_ = (t->length_.updates + kLogPoints - 1) / kLogPoints;
  if (job.resume) {
    EIDA_ASSIGN_OR_RETURN(RunState stored, ReadCheckpoint(*job.resume, t->identity_));
    if (stored.step > t->length_.updates)
      return ConfigError(*job.resume + ": the checkpoint is past the end of this run");
    t->state_ = std::move(stored);
    // Off the file's mapping: the file may go while the run goes on.
    for (Weights* part : {&t->state_.trainable, &t->state_.fixed})
      *part = Copies(*part, t->base_->device);
    if (t->state_.best) t->state_.best->weights = Copies(t->state_.best->weights, t->base_->device);
    t->resumed_from_ = t->saved_step_ = t->state_.step;
    t->items_before_ = t->state_.items;
  }
  if (!job.resume || !t->adapter_->refreshes()) {
    auto state = t->adapter_->Init(*t->base_, t->s_.seed, t->Data());
    if (!state.ok()) return Annotate(state.status(), "job " + job.name);
    if (job.resume)
      EIDA_RETURN_IF_ERROR(CheckFits(*state, t->AdapterState(), *job.resume));
    else
      t->Begin(std::move(*state));
  }
  if (job.resume) {
    const Weights exp_avg = std::move(t->state_.exp_avg),
                  exp_avg_sq = std::move(t->state_.exp_avg_sq);
    t->Begin();
    EIDA_RETURN_IF_ERROR(t->optimizer_->Restore(exp_avg, exp_avg_sq, t->StepInCycle()));
  }
  if (GetOr(job.spec.value("train", Json::object()), "trace", false))
    t->trace_.emplace(t->state_.trainable);
  return t;
}

TrainingData Trainer::Data() const { return {*train_, *model_, s_.compute, s_.batch_size}; }

Weights Trainer::AdapterState() const {
  Weights state = state_.fixed;
  for (const auto& [name, tensor] : state_.trainable) state[name] = tensor.detach();
  return state;
}

void Trainer::Begin(Weights adapter_state) {
  state_.trainable.clear();
  state_.fixed.clear();
  for (auto& [name, tensor] : adapter_state)
    (adapter_->Trains(name) ? state_.trainable : state_.fixed)[name] = tensor;
  Begin();
}

void Trainer::Begin() {
  optimizer_ = std::make_unique<AdamW>(s_.optimizer, state_.trainable);
  for (auto& [name, tensor] : state_.trainable) tensor.set_requires_grad(true);
  Weights state = state_.fixed;
  state.insert(state_.trainable.begin(), state_.trainable.end());
  over_.clear();
  patches_.clear();
  adapter_->Attach(*base_, state, &over_, &patches_);
}

int64_t Trainer::StepInCycle() const {
  return state_.step - state_.cycle * length_.updates_per_epoch;
}

Status Trainer::NextCycle() {
  ++state_.cycle;
  EIDA_ASSIGN_OR_RETURN(Weights state,
                        adapter_->Refresh(*base_, AdapterState(), s_.seed, state_.cycle, Data()));
  Begin(std::move(state));
  return OkStatus();
}

uint64_t Trainer::DropoutStream(int64_t micro_batch) const {
  const uint64_t update = Rng::Mix(Rng::Mix(s_.seed ^ 0x64726f706f757421ULL) +
                                   static_cast<uint64_t>(state_.step) * 0x9e3779b97f4a7c15ULL);
  return Rng::Mix(update + static_cast<uint64_t>(micro_batch));
}

Status Trainer::Update(Events& events) {
  const int64_t step = state_.step, epoch = step / length_.updates_per_epoch,
                within = step % length_.updates_per_epoch;
  if (epoch != epoch_) {
    batches_ = EpochBatches(*train_, s_.seed, epoch, s_.batch_size, s_.bucketed);
    epoch_ = epoch;
    while (adapter_->refreshes() && state_.cycle < epoch) EIDA_RETURN_IF_ERROR(NextCycle());
  }
  const int64_t begin = within * s_.grad_accum,
                end = std::min(length_.batches_per_epoch, begin + s_.grad_accum);
  int64_t labels = 0;
  for (int64_t i = begin; i < end; ++i) {
    for (const int64_t item : batches_[i]) labels += train_->label_count(item);
  }
  const Tensors tensors{&over_, &base_->weights};
  double loss_sum = 0;
  for (int64_t i = begin; i < end; ++i) {
    const Batch batch = MakeBatch(*train_, batches_[i], base_->device);
    Context context(s_.compute);
    context.SetFrozen(&base_->weights, &base_->casts);
    context.SetPatches(&patches_);
    context.SetDropoutStream(DropoutStream(i - begin));
    const at::Tensor loss = LossesOf(*model_, tensors, batch, context, 0).sum.sum();
    const double value = loss.item<double>();
    if (!std::isfinite(value)) {
      return NonfiniteError(
          "the training loss is " + std::to_string(value) + " at step " + std::to_string(step + 1) +
          ": the run diverged; try a lower lr, a longer warm-up or gradient clipping");
    }
    // Every label of an update counts the same, however it is cut into micro-batches.
    (loss / static_cast<double>(labels)).backward();
    loss_sum += value;
    state_.items += static_cast<int64_t>(batches_[i].size());
    state_.tokens += batch.tokens();
    if (trace_) trace_->AddBatch(batches_[i], *train_);
  }
  const double norm = optimizer_->GradNorm();
  if (!std::isfinite(norm)) {
    return NonfiniteError(
        "the gradient is not finite at step " + std::to_string(step + 1) +
        ": the run diverged; try a lower lr, a longer warm-up or gradient clipping");
  }
  const double lr = LearningRate(s_, length_.updates, step);
  optimizer_->Step(lr, ClipFactor(norm, s_.grad_clip));
  ++state_.step;
  if (trace_) trace_->AddUpdate(loss_sum / static_cast<double>(labels));
  state_.labels += labels;
  state_.loss_sum += loss_sum;
  state_.interval_loss += loss_sum;
  state_.interval_labels += labels;
  if (state_.step % log_every_ == 0 || state_.step == length_.updates) {
    events.Metric("train/loss", state_.step,
                  state_.interval_loss / static_cast<double>(state_.interval_labels));
    events.Metric("train/lr", state_.step, lr);
    events.Metric("train/grad_norm", state_.step, norm);
    state_.interval_loss = 0;
    state_.interval_labels = 0;
  }
  return OkStatus();
}

Status Trainer::Evaluate(Events& events) {
  EIDA_ASSIGN_OR_RETURN(const Weights merged, adapter_->Merge(*base_, AdapterState()));
  EIDA_ASSIGN_OR_RETURN(const EvalResult result,
                        EvaluateWeights(*base_, merged, *eval_, s_.eval_numerics));
  const Json scores = ToJson(Score(result));
  for (const catalog::Metric& metric : catalog::Metrics()) {
    events.Metric(s_.eval_split + "/" + metric.id, state_.step, MetricOf(scores, metric.id));
  }
  const double value = MetricOf(scores, s_.metric);
  const bool better =
      !state_.best || (s_.maximize ? value > MetricOf(state_.best->scores, s_.metric)
                                   : value < MetricOf(state_.best->scores, s_.metric));
  if (better)
    state_.best = BestSoFar{state_.step, scores,
                            s_.keep_best ? Copies(AdapterState(), base_->device) : Weights()};
  return OkStatus();
}

Status Trainer::SaveCheckpoint(const Job& job, Events& events) {
  RunState state = state_;
  state.exp_avg = optimizer_->ExpAvg();
  state.exp_avg_sq = optimizer_->ExpAvgSq();
  const Json where = {
      {"epoch", static_cast<double>(state.step) / static_cast<double>(length_.updates_per_epoch)},
      {"position", state.step % length_.updates_per_epoch * s_.grad_accum},
      {"rng", "order, masks and schedule are functions of seed and step"}};
  const std::string path = job.out + "/checkpoint-" + std::to_string(state.step) + ".safetensors";
  EIDA_RETURN_IF_ERROR(WriteCheckpoint(state, identity_, where, path));
  Json metrics = {
      {"train/loss", state.labels == 0 ? 0 : state.loss_sum / static_cast<double>(state.labels)}};
  if (state.best)
    metrics["best"] = {{"step", state.best->step},
                       {s_.metric, MetricOf(state.best->scores, s_.metric)}};
  events.Checkpoint(state.step, path, metrics);
  saved_step_ = state.step;
  return OkStatus();
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
      {"epochs", static_cast<double>(state_.step) / static_cast<double>(length_.updates_per_epoch)},
      {"items", state_.items},
      {"tokens", state_.tokens},
      {"train_loss", state_.loss_sum / static_cast<double>(std::max<int64_t>(1, state_.labels))},
      {"trainable_parameters", trainable},
      {"base_parameters", base_->parameters()},
      {"resumed_from_step", resumed_from_}};
  if (state_.best) {
    result.summary["best"] = state_.best->scores;
    result.summary["best"]["step"] = state_.best->step;
    result.summary["best"]["metric"] = s_.metric;
  }
  return result;
}

Result<JobResult> Trainer::Run(const Job& job, Events& events) {
  const Stopwatch watch;
  while (state_.step < length_.updates) {
    if (events.StopRequested()) {
      if (state_.step != saved_step_ && state_.step > 0)
        EIDA_RETURN_IF_ERROR(SaveCheckpoint(job, events));
      return Preempted();
    }
    EIDA_RETURN_IF_ERROR(Update(events));
    const bool last = state_.step == length_.updates;
    if (eval_ != nullptr && (last || Due(s_.eval_every, length_, state_.step)))
      EIDA_RETURN_IF_ERROR(Evaluate(events));
    events.Progress(state_.step, length_.updates, "steps");
    // The end itself needs no checkpoint: the weights follow.
    if (!last && Due(s_.checkpoint_every, length_, state_.step))
      EIDA_RETURN_IF_ERROR(SaveCheckpoint(job, events));
  }
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
