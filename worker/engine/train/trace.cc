#include "worker/engine/train/trace.h"

#include <torch/torch.h>

namespace eida::engine {

Trace::Trace(const Weights& trainable) {
  for (const auto& [name, tensor] : trainable) init_["init." + name] = tensor.detach().clone();
}

void Trace::AddBatch(const std::vector<int64_t>& which, const Examples& examples) {
  for (const int64_t position : which) items_.push_back(examples.items[position]);
  batch_sizes_.push_back(static_cast<int64_t>(which.size()));
}

Status Trace::Write(const std::string& path) const {
  Weights tensors = init_;
  tensors["items"] = torch::tensor(items_, torch::kLong);
  tensors["batch_sizes"] = torch::tensor(batch_sizes_, torch::kLong);
  tensors["loss"] = torch::tensor(loss_, torch::kDouble);
  return WriteSafetensors(tensors, {{"format", "pt"}}, path);
}

}  // namespace eida::engine
