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

// What BERT and RoBERTa share as classifiers: all but the head.
class EncoderClassifier : public Model {
 public:
  const std::vector<Parameter>& parameters() const override { return inventory_.parameters(); }
  const std::vector<SiteShape>& sites() const override { return inventory_.sites(); }
  int64_t max_length() const override { return encoder_.max_length(); }
  int64_t vocabulary() const override { return encoder_.config().vocabulary; }
  std::vector<std::string> layers() const override { return encoder_.layers(); }
  bool IsHead(const std::string& name) const override { return name.rfind("classifier", 0) == 0; }
  void SetDropout(double p) override { encoder_.SetDropout(p); }
  std::string NameOf(const std::string& checkpoint_name) const override;
  Json ExportConfig(const Json& config) const override;

 protected:
  // `architecture`: transformers' class. The head's maps are added to `inventory_` by the family.
  EncoderClassifier(const EncoderConfig& config, int64_t labels, std::string architecture)
      : inventory_(config.id),
        encoder_(config, inventory_),
        labels_(labels),
        architecture_(std::move(architecture)) {}
  double head_dropout() const { return encoder_.config().head_dropout; }

  parts::Inventory inventory_;
  Encoder encoder_;

 private:
  int64_t labels_;
  std::string architecture_;
};

}  // namespace eida::engine
