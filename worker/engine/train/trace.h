// What a traced training saw ("train": {"trace": true}): enough to take the same steps elsewhere.
// For the parity tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/engine/study.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {

// Kept in memory until the run ends; of a resumed run only the steps since. Artifact `trace`:
// `init.<name>` the trainable tensors before the first step, `items` i64 the item numbers of all
// micro-batches one after another, `batch_sizes` i64 of each micro-batch, `loss` f64 of each update
// (mean over its items).
class Trace {
 public:
  explicit Trace(const Weights& trainable);
  // `which`: positions in `examples`.
  void AddBatch(const std::vector<int64_t>& which, const Examples& examples);
  void AddUpdate(double loss) { loss_.push_back(loss); }
  Status Write(const std::string& path) const;

 private:
  Weights init_;
  std::vector<int64_t> items_, batch_sizes_;
  std::vector<double> loss_;
};

}  // namespace eida::engine
