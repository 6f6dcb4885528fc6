// The spec of a train job (docs/formats.md section 3), checked.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "common/base/json.h"
#include "common/base/status.h"
#include "worker/engine/job.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {

// Every so many epochs or updates; neither = never.
struct Every {
  int64_t epochs = 0, steps = 0;
  bool never() const { return epochs == 0 && steps == 0; }
};

struct AdamWSettings {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
};

struct ScheduleSettings {
  bool decays = true;  // linear to 0; else constant after the warm-up
  double warmup_ratio = 0;
  std::optional<int64_t> warmup_steps;
};

struct TrainSettings {
  uint64_t seed = 0;
  std::optional<int64_t> steps;  // updates; else epochs
  double epochs = 1;
  int64_t batch_size = 32, grad_accum = 1;
  double lr = 0;
  AdamWSettings optimizer;
  ScheduleSettings schedule;
  at::ScalarType compute = at::kFloat;
  double grad_clip = 0;  // 0 = none
  bool bucketed = true;
  Json dropout;  // null = config.json's
  Every eval_every, checkpoint_every;
  std::string eval_split, metric = "loss";
  bool maximize = false;
  Numerics eval_numerics;
  bool keep_best = false;
};

// ConfigError naming the setting.
Result<TrainSettings> ReadTrainSettings(const Job& job);

}  // namespace eida::engine
