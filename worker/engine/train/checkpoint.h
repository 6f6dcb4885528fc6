// All that a run is at one moment, in one safetensors file. A run resumed from it ends with the
// bytes of one never stopped.
#pragma once

#include <optional>
#include <string>

#include "common/base/json.h"
#include "worker/engine/study.h"
#include "worker/engine/train/course.h"
#include "worker/engine/train/early_stop.h"
#include "worker/engine/train/scaler.h"

namespace eida::engine {

struct BestSoFar {
  int64_t step = 0;
  Json scores;  // ToJson(Scores)
  Weights weights;
};

struct RunState {
  int64_t step = 0;             // updates done or skipped; order and dropout are functions of it
  int64_t optimizer_steps = 0;  // of the present cycle: what the learning rate is a function of
  Course::Epoch epoch;          // of update `step` - 1
  int64_t cycle = 0;            // how often the adapter's state was made anew
  int64_t items = 0, tokens = 0, labels = 0;
  double loss_sum = 0;  // over `labels`
  // Since the last train/loss metric.
  double interval_loss = 0;
  int64_t interval_labels = 0;
  ScalerState scaler;   // of fp16
  int64_t skipped = 0;  // updates whose gradients were not finite
  EarlyStopState early_stop;
  Weights trainable, exp_avg, exp_avg_sq;
  Weights fixed;  // of the adapter's state, what does not train
  std::optional<BestSoFar> best;
};

// `identity` names the run (its settings); `where` says epoch and position for people.
Status WriteCheckpoint(const RunState& state, const std::string& identity, const Json& where,
                       const std::string& path);
// ConfigError when the file is another run's checkpoint or none.
Result<RunState> ReadCheckpoint(const std::string& path, const std::string& identity);

}  // namespace eida::engine
