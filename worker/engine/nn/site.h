// One linear map of a model: the only thing that adapters, observers and export know of a model's
// inside.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "common/catalog/sites.h"

namespace eida::engine {

struct Site {
  std::string name;   // Hugging Face module path: "bert.encoder.layer.0.attention.self.query"
  std::string role;   // common/catalog/models.def: query, key, value, attn_out, fc1, fc2, ...;
                      // "classifier" for the head
  at::Tensor weight;  // [out, in]; [in, out] when `transposed`
  at::Tensor bias;    // undefined = none
  bool transposed = false;  // stored as GPT-2's Conv1D
};

// What a model's linear maps are, without their tensors. A part of a fused map has no pass of its
// own: what is attached to it enters the pass of its module.
using catalog::SiteShape;

}  // namespace eida::engine
