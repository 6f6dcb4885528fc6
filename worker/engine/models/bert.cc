// BERT for sequence classification: the encoder, a pooler over the first token and a linear head.
#include <torch/torch.h>

#include "worker/engine/models/encoder.h"

namespace eida::engine {
namespace {

constexpr char kPooler[] = "bert.pooler.dense";

class Bert : public EncoderClassifier {
 public:
  Bert(const EncoderConfig& config, int64_t labels)
      : EncoderClassifier(config, labels, "BertForSequenceClassification") {
    // Checkpoints of the bare encoder may lack the pooler, and nearly all lack the head.
    inventory_.Linear(kPooler, config.hidden, config.hidden, config.spread);
    inventory_.Linear("classifier", labels, config.hidden, config.spread);
  }

  at::Tensor Logits(const Tensors& w, const Batch& batch, Context& context) const override {
    // Only the first token of each item goes on to the pooler.
    const Hidden first = encoder_.Run(w, batch, true, context);
    if (!first.compute.defined()) return {};
    at::Tensor pooled =
        at::tanh(context.Linear(parts::SiteOf(w, kPooler, "pooler_dense"), first.compute));
    pooled = nn::DropoutSame(pooled, context.NextDropout(head_dropout()));
    return context.Linear(parts::SiteOf(w, "classifier", "classifier"), pooled).to(at::kFloat);
  }
};

}  // namespace

Result<std::unique_ptr<Model>> Make_bert(const Json& config, const ModelOptions& options) {
  EIDA_ASSIGN_OR_RETURN(const EncoderConfig c,
                        ReadEncoderConfig("bert", config, options.config_path));
  return std::unique_ptr<Model>(new Bert(c, options.labels));
}

}  // namespace eida::engine
