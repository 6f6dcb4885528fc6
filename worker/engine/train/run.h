// One training run, all but its passes: its state, what an update does with the gradients, what is
// evaluated, written and said. trainer.cc drives it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/collective/gang.h"
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

// One thread. Its state after update n is a function of the job's spec, the thread count and the
// number of ranks. In a gang every rank has a run of the same state, which passes over its own part
// of each micro-batch; rank 0's alone evaluates, writes and speaks, the others' results are empty.
class Run {
 public:
  // Fresh from the seed, or from job.resume. `job` and `events` outlive it.
  static Result<std::unique_ptr<Run>> Make(const Job& job, Events& events);

  const Job& job() const { return job_; }
  const TrainSettings& settings() const { return s_; }
  const Base& base() const { return *base_; }
  const Model& model() const { return *model_; }  // with the run's dropout
  const Examples& examples() const { return *train_; }

  // In this order: Start; while not over(): Begin, each micro-batch, End; Finish. After an error
  // the run is no longer of use.
  Status Start();
  int64_t step() const { return state_.step; }  // updates done
  bool over() const { return stopped_early_ || state_.step >= course_->updates(); }
  // The next update. Preempted() when the run was asked to stop.
  Status Begin();
  // In place of Begin: leaves a checkpoint and returns Preempted().
  Status Leave();
  int64_t micro_batches() const { return static_cast<int64_t>(batches_.size()); }
  // The positions of this rank's items of micro-batch i: possibly none, then it has no pass.
  const std::vector<int64_t>& items(int64_t i) const { return parts_[i]; }
  // What its forward pass is made with: how it computes and drops, patches, and the tensors that
  // stand over the base's. A lane's context has no part in what is the pass's.
  Context PassContext(int64_t i) const;
  Context LaneContext(int64_t i) const;
  const Weights& over_base() const { return over_; }
  const SitePatches& patches() const { return patches_; }
  // The gradient with which the backward pass begins at each item's sum of losses.
  float Slope(int64_t i) const;
  // Before the backward pass: `loss` is the sum over the micro-batch's labels. NonfiniteError
  // saying which tensor or linear map first was not finite.
  Status Take(int64_t i, double loss, int64_t tokens);
  // Steps with the gradients that the passes have left, on all ranks together, then evaluates,
  // reports and writes what is due.
  Status End();
  Result<JobResult> Finish();

 private:
  // What a rank says that has nothing to say.
  class Quiet : public Events {
   public:
    explicit Quiet(Events& events) : events_(events) {}
    void Progress(int64_t, int64_t, const std::string&) override {}
    void Metric(const std::string&, int64_t, double) override {}
    void Checkpoint(int64_t, const std::string&, const Json&) override {}
    bool StopRequested() override { return events_.StopRequested(); }

   private:
    Events& events_;
  };

  Run(const Job& job, Events& events)
      : job_(job),
        gang_(job.gang ? *job.gang : Alone()),
        quiet_(events),
        events_(leads() ? events : quiet_) {}
  bool leads() const { return gang_.rank() == 0; }
  Status Open();
  Status Resume(const std::string& path);
  // An epoch begins that is a cycle of its own (schedule.restart).
  Status NextCycle();
  TrainingData Data() const;
  // What trains and what is fixed, together.
  Weights AdapterState() const;
  // Takes a state into use with a fresh optimizer, rank 0's on all ranks; without one, that of
  // state_.
  Status Use(Weights adapter_state);
  Status Use();

  int64_t LabelsOf(int64_t i) const;
  double Divisor(int64_t i) const;
  uint64_t DropoutStream(int64_t i) const;
  // The rows of this rank's part within micro-batch i; null when it is the whole.
  std::shared_ptr<const PartRows> PartOf(int64_t i) const;
  // Gradients and losses become those of all ranks' parts.
  Status Reduce();
  // The same pass again, under observation.
  std::string WhatIsNotFinite(int64_t i) const;
  // Steps, or (fp16) skips the step.
  Status Step();
  // What train/loss and the summary count: the update's losses.
  void Count();
  void Report();
  // Whether the run should end here: all ranks agree.
  Result<bool> Evaluate();
  Result<bool> EvaluateHere();

  static Weights Copies(const Weights& weights, at::Device device);
  // Takes a copy of the state, which is written beside the training.
  void StartCheckpoint();
  // Announces what has been written; `wait` for what is being written.
  Status AnnounceCheckpoint(bool wait);

  const Job& job_;
  Gang& gang_;
  Quiet quiet_;
  Events& events_;
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
  // The update that was begun.
  std::vector<std::vector<int64_t>> batches_, parts_;  // of all ranks, of this one
  int64_t labels_ = 0, tokens_ = 0;
  double loss_sum_ = 0, objective_ = 0;
  double lr_ = 0, norm_ = 0;  // of the last update
  double first_lr_ = 0;       // TrainingData's
  bool stopped_early_ = false, checkpoint_due_ = false;
  bool stop_agreed_ = false;  // some rank was asked to stop before the last update ended
  int64_t resumed_from_ = 0, items_before_ = 0, log_every_ = 1, saved_step_ = -1;
  Stopwatch watch_;  // since Start
  double adapter_seconds_ =
      0;  // that the adapter's states took to make, the first before watch_ began
  CheckpointWriter writer_;  // last: it must be done before the rest goes
};

}  // namespace eida::engine
