// The stack that BERT and RoBERTa share: embeddings, then post-norm layers of attention and a
// feed-forward map.
#pragma once

#include <string>
#include <vector>

#include "worker/engine/models/parts.h"

namespace eida::engine {

struct EncoderConfig {
  std::string id;  // models.def; also the prefix of the module names
  int64_t hidden = 0, layers = 0, heads = 0, inner = 0, vocabulary = 0, positions = 0, types = 2;
  int64_t position_offset = 0;  // rows of the position table before that of position 0
  double eps = 1e-12, spread = 0.02;
  double hidden_dropout = 0.1, attention_dropout = 0.1, head_dropout = 0.1;
  std::string activation = "gelu";
};

// ConfigError naming config.json's key that is missing or asks for what is not computed.
Result<EncoderConfig> ReadEncoderConfig(const std::string& id, const Json& json,
                                        const std::string& path);

class Encoder {
 public:
  // Adds its parameters and sites to `inventory`, which lives as long.
  Encoder(EncoderConfig config, parts::Inventory& inventory);

  // The last layer's output: fp32 stream and compute type, of every token, or of each item's first
  // only when `first_only` (and no layer is probed). Undefined when the context has all it probes
  // for.
  Hidden Run(const Tensors& w, const Batch& batch, bool first_only, Context& context) const;
  std::vector<std::string> layers() const;
  const EncoderConfig& config() const { return c_; }
  int64_t max_length() const { return c_.positions - c_.position_offset; }
  void SetDropout(double p);

 private:
  struct LayerNames {
    std::string name;  // "layer.3": what Features calls its output
    std::string query, key, value, attn_out, fc1, fc2, norm1, norm2;
  };
  Hidden Embed(const Tensors& w, const Batch& batch, Context& context) const;
  Hidden Layer(const Tensors& w, const LayerNames& names, const AttentionRows& rows,
               const at::Tensor& first, const Hidden& x, Context& context) const;

  EncoderConfig c_;
  std::vector<LayerNames> layers_;
};

}  // namespace eida::engine
