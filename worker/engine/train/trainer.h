// One training run: the loop between its pieces (order, model, adapter, optimizer, checkpoints).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "worker/engine/adapters/adapter.h"
#include "worker/engine/models/base.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/train/adamw.h"
#include "worker/engine/train/checkpoint.h"
#include "worker/engine/train/schedule.h"
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
  Status Update(Events& events);
  Status Evaluate(Events& events);
  Status SaveCheckpoint(const Job& job, Events& events);
  Result<JobResult> Finish(const Job& job);
  uint64_t DropoutStream(int64_t micro_batch) const;
  TrainingData Data() const;
  // What trains and what is fixed, together.
  Weights AdapterState() const;
  // Takes a state into use with a fresh optimizer; without one, that of state_.
  void Begin(Weights adapter_state);
  void Begin();
  // Updates since the adapter's state was last made anew.
  int64_t StepInCycle() const;
  Status NextCycle();

  TrainSettings s_;
  std::string identity_;
  std::shared_ptr<const Base> base_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<Adapter> adapter_;
  std::shared_ptr<const Examples> train_, eval_;
  RunLength length_;
  Weights over_;
  SitePatches patches_;
  std::unique_ptr<AdamW> optimizer_;
  std::optional<Trace> trace_;
  RunState state_;      // `trainable` are the leaves; the moments are the optimizer's
  int64_t epoch_ = -1;  // of `batches_`
  std::vector<std::vector<int64_t>> batches_;
  int64_t resumed_from_ = 0, items_before_ = 0, log_every_ = 1, saved_step_ = -1;
};

}  // namespace eida::engine
