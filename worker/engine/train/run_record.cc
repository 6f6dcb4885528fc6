#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "common/catalog/catalog.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/train/run.h"

namespace eida::engine {
namespace {

// A copy that the training does not touch, where files are written from.
Weights Taken(const Weights& weights) {
  Weights copies;
  for (const auto& [name, tensor] : weights)
    copies[name] = tensor.is_cpu() ? tensor.detach().clone() : tensor.detach().cpu();
  return copies;
}

double MetricOf(const Json& scores, const std::string& metric) {
  return GetOr<double>(scores, metric.c_str(), NAN);
}

}  // namespace

Status Run::Start() {
  watch_ = Stopwatch();
  return course_->updates() == 0 && eval_ != nullptr ? Evaluate().status() : OkStatus();
}

Weights Run::Copies(const Weights& weights, at::Device device) {
  Weights copies;
  for (const auto& [name, tensor] : weights) copies[name] = tensor.detach().to(device).clone();
  return copies;
}

Result<bool> Run::Evaluate() {
  bool stop = false;
  if (leads()) {
    EIDA_ASSIGN_OR_RETURN(stop, EvaluateHere());
  }
  if (!early_stop_ || gang_.size() == 1) return stop;
  const at::Tensor word = torch::tensor({stop ? 1 : 0}, at::kInt).to(base_->device);
  EIDA_RETURN_IF_ERROR(gang_.Broadcast(word));
  return word.item<int>() != 0;
}

Result<bool> Run::EvaluateHere() {
  EIDA_ASSIGN_OR_RETURN(const Weights merged, adapter_->Merge(*base_, AdapterState()));
  EIDA_ASSIGN_OR_RETURN(const EvalResult result,
                        EvaluateWeights(*base_, merged, *eval_, s_.eval_numerics));
  const Json scores = ToJson(Score(result));
  for (const catalog::Metric& metric : catalog::Metrics()) {
    if (scores.contains(metric.id))
      events_.Metric(s_.eval_split + "/" + metric.id, state_.step, MetricOf(scores, metric.id));
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

void Run::StartCheckpoint() {
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
  const std::string path = job_.out + "/checkpoint-" + std::to_string(state.step) + ".safetensors";
  saved_step_ = state.step;
  checkpoint_due_ = false;
  writer_.Start({std::move(state), identity_, path, where, metrics});
}

Status Run::AnnounceCheckpoint(bool wait) {
  EIDA_ASSIGN_OR_RETURN(const auto written, wait ? writer_.Wait() : writer_.Poll());
  if (written) events_.Checkpoint(written->step, written->path, written->metrics);
  return OkStatus();
}

Status Run::Leave() {
  if (!leads()) return Preempted();
  EIDA_RETURN_IF_ERROR(AnnounceCheckpoint(true));
  if (state_.step != saved_step_ && state_.step != 0) {
    StartCheckpoint();
    EIDA_RETURN_IF_ERROR(AnnounceCheckpoint(true));
  }
  return Preempted();
}

Result<JobResult> Run::Finish() {
  if (!leads()) return JobResult();
  EIDA_RETURN_IF_ERROR(AnnounceCheckpoint(true));
  const double seconds = watch_.Seconds();
  JobResult result;
  const std::string kind = adapter_->artifact_kind();
  const auto add = [&](const std::string& name, const Weights& weights, int64_t step) -> Status {
    const std::string path = job_.out + "/" + name + ".safetensors";
    EIDA_RETURN_IF_ERROR(WriteMember(*adapter_, weights, path));
    result.artifacts.push_back({name, kind, path, {{"step", step}}});
    return OkStatus();
  };
  EIDA_RETURN_IF_ERROR(add("weights", AdapterState(), state_.step));
  if (s_.keep_best && state_.best)
    EIDA_RETURN_IF_ERROR(add("best", state_.best->weights, state_.best->step));
  if (trace_) {
    const std::string path = job_.out + "/trace.safetensors";
    EIDA_RETURN_IF_ERROR(trace_->Write(path));
    result.artifacts.push_back({"trace", "trace", path, Json::object()});
  }
  int64_t trainable = 0;
  for (const auto& [name, tensor] : state_.trainable) trainable += tensor.numel();
  result.summary = {
      {"steps", state_.step},
      {"epochs", course_->EpochsAfter(state_.step)},
      {"items", state_.items},
      {"train_items", train_->size()},
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
  result.summary["seconds"] = seconds;
  result.summary["adapter_seconds"] = adapter_seconds_;
  result.summary["items_per_second"] =
      seconds > 0 ? static_cast<double>(state_.items - items_before_) / seconds : 0.0;
  return result;
}

}  // namespace eida::engine
