// RoBERTa for sequence classification: positions begin behind the padding token's, and the head is
// a dense map with tanh before the last projection, over the first token.
#include <torch/torch.h>

#include "worker/engine/job.h"
#include "worker/engine/models/encoder.h"

namespace eida::engine {
namespace {

constexpr char kDense[] = "classifier.dense";
constexpr char kProjection[] = "classifier.out_proj";

class Roberta : public EncoderClassifier {
 public:
  Roberta(const EncoderConfig& config, int64_t labels)
      : EncoderClassifier(config, labels, "RobertaForSequenceClassification") {
    inventory_.Linear(kDense, config.hidden, config.hidden, config.spread);
    inventory_.Linear(kProjection, labels, config.hidden, config.spread);
  }

  at::Tensor Logits(const Tensors& w, const Batch& batch, Context& context) const override {
    const Hidden first = encoder_.Run(w, batch, true, context);
    if (!first.compute.defined()) return {};
    const double p = head_dropout();
    at::Tensor x = nn::DropoutSame(first.compute, context.NextDropout(p));
    x = at::tanh(context.Linear(parts::SiteOf(w, kDense, "classifier_dense"), x));
    x = nn::DropoutSame(x, context.NextDropout(p));
    return context.Linear(parts::SiteOf(w, kProjection, "classifier"), x).to(at::kFloat);
  }
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
