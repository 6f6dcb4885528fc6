// BERT for sequence classification: the encoder, a pooler over the first token and a linear head.
#include <torch/torch.h>

#include "worker/engine/models/encoder.h"

namespace eida::engine {
namespace {

constexpr char kPooler[] = "bert.pooler.dense";

class Bert : public Model {
 public:
  Bert(const EncoderConfig& config, int64_t labels)
      : inventory_("bert"), encoder_(config, inventory_), labels_(labels) {
    // Checkpoints of the bare encoder may lack the pooler, and nearly all lack the head.
    inventory_.Linear(kPooler, config.hidden, config.hidden, config.spread);
    inventory_.Linear("classifier", labels, config.hidden, config.spread);
  }

  const std::vector<Parameter>& parameters() const override { return inventory_.parameters(); }
  const std::vector<SiteShape>& sites() const override { return inventory_.sites(); }
  int64_t max_length() const override { return encoder_.max_length(); }
  int64_t vocabulary() const override { return encoder_.config().vocabulary; }
  std::vector<std::string> layers() const override { return encoder_.layers(); }
  bool IsHead(const std::string& name) const override { return name.rfind("classifier.", 0) == 0; }
  void SetDropout(double p) override { encoder_.SetDropout(p); }
  std::string NameOf(const std::string& checkpoint_name) const override {
    return inventory_.Find(checkpoint_name, "bert.");
  }

  at::Tensor Logits(const Tensors& w, const Batch& batch, Context& context) const override {
    // Only the first token of each item goes on to the pooler.
    const Hidden first = encoder_.Run(w, batch, true, context);
    if (!first.compute.defined()) return {};
    at::Tensor pooled =
        at::tanh(context.Linear(parts::SiteOf(w, kPooler, "pooler_dense"), first.compute));
    pooled = nn::DropoutSame(pooled, context.NextDropout(encoder_.config().head_dropout));
    return context.Linear(parts::SiteOf(w, "classifier", "classifier"), pooled).to(at::kFloat);
  }

  Json ExportConfig(const Json& config) const override {
    Json out = config;
    parts::DescribeClassifier(out, labels_, "BertForSequenceClassification");
    return out;
  }

 private:
  parts::Inventory inventory_;
  Encoder encoder_;
  int64_t labels_;
};

}  // namespace

Result<std::unique_ptr<Model>> Make_bert(const Json& config, const ModelOptions& options) {
  EIDA_ASSIGN_OR_RETURN(const EncoderConfig c,
                        ReadEncoderConfig("bert", config, options.config_path));
  return std::unique_ptr<Model>(new Bert(c, options.labels));
}

}  // namespace eida::engine
