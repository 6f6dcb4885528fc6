// RoBERTa for sequence classification: positions begin behind the padding token's, and the head is
// a dense map with tanh before the last projection, over the first token.
#include <torch/torch.h>

#include "worker/engine/job.h"
#include "worker/engine/models/encoder.h"

namespace eida::engine {
namespace {

constexpr char kDense[] = "classifier.dense";
constexpr char kProjection[] = "classifier.out_proj";

class Roberta : public Model {
 public:
  Roberta(const EncoderConfig& config, int64_t labels)
      : inventory_("roberta"), encoder_(config, inventory_), labels_(labels) {
    inventory_.Linear(kDense, config.hidden, config.hidden, config.spread);
    inventory_.Linear(kProjection, labels, config.hidden, config.spread);
  }

  const std::vector<Parameter>& parameters() const override { return inventory_.parameters(); }
  const std::vector<SiteShape>& sites() const override { return inventory_.sites(); }
  int64_t max_length() const override { return encoder_.max_length(); }
  int64_t vocabulary() const override { return encoder_.config().vocabulary; }
  std::vector<std::string> layers() const override { return encoder_.layers(); }
  bool IsHead(const std::string& name) const override { return name.rfind("classifier.", 0) == 0; }
  void SetDropout(double p) override { encoder_.SetDropout(p); }
  std::string NameOf(const std::string& checkpoint_name) const override {
    return inventory_.Find(checkpoint_name, "roberta.");
  }

  at::Tensor Logits(const Tensors& w, const Batch& batch, Context& context) const override {
    const Hidden first = encoder_.Run(w, batch, true, context);
    if (!first.compute.defined()) return {};
    const double p = encoder_.config().head_dropout;
    at::Tensor x = nn::DropoutSame(first.compute, context.NextDropout(p));
    x = at::tanh(context.Linear(parts::SiteOf(w, kDense, "classifier_dense"), x));
    x = nn::DropoutSame(x, context.NextDropout(p));
    return context.Linear(parts::SiteOf(w, kProjection, "classifier"), x).to(at::kFloat);
  }

  Json ExportConfig(const Json& config) const override {
    Json out = config;
    parts::DescribeClassifier(out, labels_, "RobertaForSequenceClassification");
    return out;
  }

 private:
  parts::Inventory inventory_;
  Encoder encoder_;
  int64_t labels_;
};

}  // namespace

Result<std::unique_ptr<Model>> Make_roberta(const Json& config, const ModelOptions& options) {
  EIDA_ASSIGN_OR_RETURN(EncoderConfig c, ReadEncoderConfig("roberta", config, options.config_path));
  c.position_offset = GetOr<int64_t>(config, "pad_token_id", 1) + 1;
  if (c.positions <= c.position_offset)
    return ConfigError(options.config_path +
                       ": max_position_embeddings leaves no position behind "
                       "the padding token's");
  return std::unique_ptr<Model>(new Roberta(c, options.labels));
}

}  // namespace eida::engine
