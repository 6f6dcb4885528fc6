// One training run: the loop between its pieces (order, model, adapter, optimizer, checkpoints).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "worker/engine/adapters/adapter.h"
#include "worker/engine/models/base.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/train/adam.h"
#include "worker/engine/train/checkpoint.h"
#include "worker/engine/train/checkpoint_writer.h"
#include "worker/engine/train/course.h"
#include "worker/engine/train/early_stop.h"
#include "worker/engine/train/scaler.h"
#include "worker/engine/train/settings.h"
#include "worker/engine/train/trace.h"

namespace eida::engine {

// One thread. Its state after update n is a function of the job's spec and the thread count.
class Trainer {
 public:
  // Fresh from the seed, or from job.resume.
  static Result<std::unique_ptr<Trainer>> Make(const Job& job);
  // To the end, or to the next update after events.StopRequested(): then a checkpoint is left and
  // Preempted() returned.
  Result<JobResult> Run(const Job& job, Events& events);

 private:
  Trainer() = default;
  Status Resume(const std::string& path);
  // An epoch begins that is a cycle of its own (schedule.restart).
  Status NextCycle();
  Status Update(Events& events);
  // Steps with the gradients that Update has gathered, or (fp16) skips them.
  Status Step();
  // What train/loss and the summary count: the update's losses.
  void Count(double loss_sum, int64_t labels);
  void Report(Events& events);
  // Whether the run should end here.
  Result<bool> Evaluate(Events& events);

  at::Tensor LossOf(const Batch& batch, Context& context) const;
  Context PassContext(int64_t micro_batch) const;
  uint64_t DropoutStream(int64_t micro_batch) const;
  TrainingData Data() const;
  // What trains and what is fixed, together.
  Weights AdapterState() const;
  // Takes a state into use with a fresh optimizer; without one, that of state_.
  Status Begin(Weights adapter_state);
  Status Begin();
  // The same pass again, under observation: which tensor or linear map first was not finite.
  std::string WhatIsNotFinite(const Batch& batch, int64_t micro_batch) const;

  // Takes a copy of the state, which is written beside the training.
  void StartCheckpoint(const Job& job);
  // Announces what has been written; `wait` for what is being written.
  Status AnnounceCheckpoint(Events& events, bool wait);
  Status LeaveCheckpoint(const Job& job, Events& events);
  Result<JobResult> Finish(const Job& job);

  TrainSettings s_;
  std::string identity_;
  std::shared_ptr<const Base> base_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Adapter> adapter_;
  std::shared_ptr<const Examples> train_, eval_;
  std::optional<Course> course_;
  Weights over_;
  SitePatches patches_;
  std::unique_ptr<Adam> optimizer_;
  LossScaler scaler_;  // of fp16
  std::optional<EarlyStop> early_stop_;
  std::optional<Trace> trace_;
  RunState state_;  // `trainable` are the leaves; moments, scaler and early stop are their owners'
  double lr_ = 0, norm_ = 0;  // of the last update
  double first_lr_ = 0;       // TrainingData's
  bool stopped_early_ = false, checkpoint_due_ = false;
  int64_t resumed_from_ = 0, items_before_ = 0, log_every_ = 1, saved_step_ = -1;
  CheckpointWriter writer_;  // last: it must be done before the rest goes
};

}  // namespace eida::engine
