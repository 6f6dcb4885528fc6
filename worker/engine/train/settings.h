// The spec of a train job (docs/formats.md section 3), checked.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "common/base/json.h"
#include "common/base/status.h"
#include "worker/engine/job.h"
#include "worker/engine/train/early_stop.h"
#include "worker/engine/train/evaluate.h"
#include "worker/engine/train/order.h"

namespace eida::engine {

// Every so many epochs or updates; neither = never.
struct Every {
  int64_t epochs = 0, steps = 0;
  bool never() const { return epochs == 0 && steps == 0; }
};

struct AdamSettings {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  bool decoupled = true;  // AdamW; else Adam, whose decay is part of the gradient
};

enum class ScheduleName { kLinear, kPolynomial, kCosine, kConstant };

struct ScheduleSettings {
  ScheduleName name = ScheduleName::kLinear;
  double warmup_ratio = 0;
  std::optional<int64_t> warmup_steps;
  double power = 1, lr_end = 1e-7;  // of polynomial
  double cycles = 0.5;              // of cosine
  // Each epoch is a cycle of its own: schedule, warm-up, optimizer and loss scale start afresh, as
  // a new Trainer's would (EIDA's cycles, SCIENCE 2.1).
  bool restarts = false;
};

// How the losses of an update are averaged.
enum class Normalise {
  kUpdate,      // every label of the update counts the same (transformers >= 4.46)
  kMicroBatch,  // the sum of the micro-batches' means over grad_accum (transformers before)
};

struct TrainSettings {
  uint64_t seed = 0;
  std::optional<int64_t> steps;  // updates; else epochs
  double epochs = 1;
  OrderSettings order;  // batch_size or batch_tokens, batching
  int64_t grad_accum = 1;
  double lr = 0;
  AdamSettings optimizer;
  ScheduleSettings schedule;
  at::ScalarType compute = at::kFloat;
  double grad_clip = 0;  // 0 = none
  double label_smoothing = 0;
  Normalise normalise = Normalise::kUpdate;
  bool gradient_checkpointing = false;
  Json dropout;  // null = config.json's
  Every eval_every, checkpoint_every;
  std::string eval_split, metric = "loss";
  bool maximize = false;
  Numerics eval_numerics;
  bool keep_best = false;
  std::optional<EarlyStopSettings> early_stop;
};

// ConfigError naming the setting.
Result<TrainSettings> ReadTrainSettings(const Job& job);

}  // namespace eida::engine
