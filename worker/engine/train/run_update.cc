#include <torch/torch.h>

#include <cmath>

#include "common/base/rng.h"
#include "worker/engine/train/run.h"
#include "worker/engine/train/schedule.h"

namespace eida::engine {
namespace {

std::string Number(double value) { return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf"; }

const char kDiverged[] = "the run diverged; try a lower lr, a longer warm-up or gradient clipping";

}  // namespace

Status Run::Begin() {
  EIDA_RETURN_IF_ERROR(AnnounceCheckpoint(false));
  if (gang_.size() == 1 ? events_.StopRequested() : stop_agreed_) return Leave();
  batches_ = course_->MicroBatches(state_.step);
  parts_.clear();
  for (const std::vector<int64_t>& batch : batches_)
    parts_.push_back(PartOfBatch(*train_, batch, gang_.rank(), gang_.size()));
  if (s_.schedule.restarts && state_.step > 0 && course_->epoch().begin == state_.step)
    EIDA_RETURN_IF_ERROR(NextCycle());
  labels_ = 0;
  for (int64_t i = 0; i < micro_batches(); ++i) labels_ += LabelsOf(i);
  loss_sum_ = objective_ = 0;
  tokens_ = 0;
  return OkStatus();
}

int64_t Run::LabelsOf(int64_t i) const {
  int64_t labels = 0;
  for (const int64_t item : batches_[i]) labels += train_->label_count(item);
  return labels;
}

uint64_t Run::DropoutStream(int64_t i) const {
  const uint64_t update = Rng::Mix(Rng::Mix(s_.seed ^ 0x64726f706f757421ULL) +
                                   static_cast<uint64_t>(state_.step) * 0x9e3779b97f4a7c15ULL);
  return Rng::Mix(update + static_cast<uint64_t>(i));
}

Context Run::LaneContext(int64_t i) const {
  Context context(s_.compute);
  context.SetPatches(&patches_);
  context.SetDropoutStream(DropoutStream(i));
  context.SetPart(PartOf(i));
  return context;
}

Context Run::PassContext(int64_t i) const {
  Context context = LaneContext(i);
  context.SetFrozen(&base_->weights, &base_->casts);
  context.SetRecompute(s_.gradient_checkpointing);
  return context;
}

double Run::Divisor(int64_t i) const {
  return static_cast<double>(s_.normalise == Normalise::kUpdate ? labels_
                                                                : LabelsOf(i) * s_.grad_accum);
}

float Run::Slope(int64_t i) const {
  const double one = s_.compute == at::kHalf ? scaler_.scale() : 1;
  return static_cast<float>(one) / static_cast<float>(Divisor(i));
}

Status Run::Take(int64_t i, double loss, int64_t tokens) {
  if (!std::isfinite(loss) && s_.compute != at::kHalf) {
    return NonfiniteError("the training loss is " + Number(loss) + " at step " +
                          std::to_string(state_.step + 1) + ": " + WhatIsNotFinite(i) + "; " +
                          kDiverged);
  }
  loss_sum_ += loss;
  objective_ += loss / Divisor(i);
  tokens_ += tokens;
  return OkStatus();
}

std::string Run::WhatIsNotFinite(int64_t i) const {
  const auto finite = [](const at::Tensor& x) { return at::isfinite(x).all().item<bool>(); };
  for (const auto& [name, tensor] : state_.trainable) {
    if (!finite(tensor)) return "the trained tensor " + name + " holds NaN or infinity";
  }
  const at::NoGradGuard no_grad;
  Context context = PassContext(i);
  std::string first;
  context.AddObserver([&](const Site& site, const at::Tensor& x, const at::Tensor& y) {
    if (first.empty() && !finite(y))
      first = (finite(x) ? "the output of " : "the input of ") + site.name +
              " is the first that is not finite";
  });
  const Tensors tensors{&over_, &base_->weights};
  LossesOf(*model_, tensors, MakeBatch(*train_, parts_[i], base_->device), context,
           s_.label_smoothing);
  return first.empty() ? "every linear map's output is finite" : first;
}

Status Run::End() {
  EIDA_RETURN_IF_ERROR(Reduce());
  EIDA_RETURN_IF_ERROR(Step());
  ++state_.step;
  Count();
  const int64_t updates = course_->updates();
  const bool last = state_.step == updates;
  if (state_.step % log_every_ == 0 || last) Report();
  if (eval_ != nullptr && (last || course_->Due(s_.eval_every, state_.step))) {
    EIDA_ASSIGN_OR_RETURN(const bool stop, Evaluate());
    stopped_early_ = stop && !last;
    if (stopped_early_ && state_.interval_labels > 0) Report();
  }
  events_.Progress(state_.step, updates, "steps");
  // The end itself needs no checkpoint: the weights follow. One that comes due while another is
  // being written is taken at the first update after.
  checkpoint_due_ = checkpoint_due_ || course_->Due(s_.checkpoint_every, state_.step);
  if (checkpoint_due_ && leads() && !last && !stopped_early_) {
    EIDA_RETURN_IF_ERROR(AnnounceCheckpoint(false));
    if (!writer_.busy()) StartCheckpoint();
  }
  return OkStatus();
}

Status Run::Step() {
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

void Run::Count() {
  const auto mean = [](double sum, int64_t n) { return n == 0 ? 0 : sum / static_cast<double>(n); };
  // A skipped fp16 step may have no loss: it counts as the mean so far.
  const bool finite = std::isfinite(loss_sum_);
  const auto n = static_cast<double>(labels_);
  state_.interval_loss +=
      finite ? loss_sum_ : n * mean(state_.interval_loss, state_.interval_labels);
  state_.loss_sum += finite ? loss_sum_ : n * mean(state_.loss_sum, state_.labels);
  state_.labels += labels_;
  state_.interval_labels += labels_;
  state_.tokens += tokens_;
  for (const std::vector<int64_t>& batch : batches_) {
    state_.items += static_cast<int64_t>(batch.size());
    if (trace_) trace_->AddBatch(batch, *train_);
  }
  if (trace_) trace_->AddUpdate(objective_);
}

void Run::Report() {
  events_.Metric("train/loss", state_.step,
                 state_.interval_loss / static_cast<double>(state_.interval_labels));
  events_.Metric("train/lr", state_.step, lr_);
  if (std::isfinite(norm_)) events_.Metric("train/grad_norm", state_.step, norm_);
  if (s_.compute == at::kHalf) events_.Metric("train/loss_scale", state_.step, scaler_.scale());
  state_.interval_loss = 0;
  state_.interval_labels = 0;
}

}  // namespace eida::engine
