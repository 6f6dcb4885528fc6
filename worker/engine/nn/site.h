// One linear map of a model: the only thing that adapters, observers and export know of a model's
// inside.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace eida::engine {

struct Site {
  std::string name;   // Hugging Face module path: "bert.encoder.layer.0.attention.self.query"
  std::string role;   // common/catalog/models.def: query, key, value, attn_out, fc1, fc2, ...;
                      // "classifier" for the head
  at::Tensor weight;  // [out, in]; [in, out] when `transposed`
  at::Tensor bias;    // undefined = none
  bool transposed = false;  // stored as GPT-2's Conv1D
};

// A site without its tensors.
struct SiteName {
  std::string name, role;
};

}  // namespace eida::engine
