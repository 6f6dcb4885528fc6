// Losses and features of given weights on given items. Deterministic; per-item results in item
// order.
#pragma once

#include "worker/engine/models/base.h"
#include "worker/engine/study.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {

struct Numerics {
  at::ScalarType compute = at::kFloat;
  int64_t batch_size = 64;
  bool bucketed = true;           // longest items first; else file order
  double label_smoothing = 0;     // of a second loss, beside the plain one; 0 = none
  bool compare_smoothed = false;  // it is what paths and soups compare models by
};

// From a spec's "numerics" (or any object with precision, batch_size, batching).
Result<Numerics> ReadNumerics(const Json& json, const std::string& what);
Result<at::ScalarType> ReadPrecision(const Json& json, const std::string& what);

// The items' positions, batch by batch.
std::vector<std::vector<int64_t>> EvalBatches(const Examples& examples, const Numerics& numerics);

// `weights` over the base's. NonfiniteError when a loss is not finite.
Result<EvalResult> EvaluateWeights(const Base& base, const Weights& weights,
                                   const Examples& examples, const Numerics& numerics);
// Mean over non-special tokens of each layer, f32 [n, hidden].
Result<std::map<std::string, at::Tensor>> FeaturesOf(const Base& base, const Weights& weights,
                                                     const Examples& examples,
                                                     const Numerics& numerics,
                                                     const std::vector<std::string>& layers);

}  // namespace eida::engine
