// A tiny random model of one family, and what transformers computes with it: tests/golden/models,
// as tests/parity/make_models.py wrote it. EIDA_GOLDEN_MODELS names another such directory.
#pragma once

#include <memory>
#include <string>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/models/base.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {

struct ModelWorld {
  explicit ModelWorld(const std::string& family);

  std::string directory;
  Job job;
  std::shared_ptr<const Base> base;
  Weights numbers;
  EncodedRows rows;  // the items of the numbers
  Examples examples;

  const at::Tensor& Number(const std::string& name) const { return numbers.at(name); }
  // The items `which`, by position.
  Batch Some(const std::vector<int64_t>& which) const;
  Batch All() const;
  // fp32 logits: of each item, or of each row that is predicted.
  at::Tensor Logits(const Tensors& tensors, const Batch& batch, Context& context) const;
  // Losses with `weights` over the base's, in fp32.
  Losses LossesWith(const Weights& weights, const Batch& batch, double smoothing = 0) const;
};

}  // namespace eida::engine
