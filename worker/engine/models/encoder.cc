#include "worker/engine/models/encoder.h"

#include <torch/torch.h>

#include "worker/engine/job.h"
#include "worker/engine/nn/recompute.h"

namespace eida::engine {

Result<EncoderConfig> ReadEncoderConfig(const std::string& id, const Json& json,
                                        const std::string& path) {
  EncoderConfig c;
  c.id = id;
  EIDA_RETURN_IF_ERROR(parts::ReadNumbers(json, path,
                                          {{"hidden_size", &c.hidden},
                                           {"num_hidden_layers", &c.layers},
                                           {"num_attention_heads", &c.heads},
                                           {"intermediate_size", &c.inner},
                                           {"vocab_size", &c.vocabulary},
                                           {"max_position_embeddings", &c.positions}}));
  c.types = GetOr<int64_t>(json, "type_vocab_size", 2);
  c.eps = GetOr<double>(json, "layer_norm_eps", 1e-12);
  c.spread = GetOr<double>(json, "initializer_range", 0.02);
  c.hidden_dropout = GetOr<double>(json, "hidden_dropout_prob", 0.1);
  c.attention_dropout = GetOr<double>(json, "attention_probs_dropout_prob", 0.1);
  c.head_dropout = GetOr<double>(json, "classifier_dropout", c.hidden_dropout);
  c.activation = GetOr<std::string>(json, "hidden_act", "gelu");
  if (c.hidden % c.heads != 0)
    return ConfigError(path + ": hidden_size is not a multiple of num_attention_heads");
  const auto unsupported = [&](const std::string& what) {
    return parts::Unsupported(path, what, "; use a plain encoder");
  };
  if (!nn::IsActivation(c.activation)) return unsupported("hidden_act \"" + c.activation + "\"");
  const auto position = GetOr<std::string>(json, "position_embedding_type", "absolute");
  if (position != "absolute") return unsupported("position_embedding_type \"" + position + "\"");
  if (GetOr<bool>(json, "is_decoder", false)) return unsupported("is_decoder");
  return c;
}

Encoder::Encoder(EncoderConfig config, parts::Inventory& inventory) : c_(std::move(config)) {
  const std::string embeddings = c_.id + ".embeddings.";
  inventory.Table(embeddings + "word_embeddings", c_.vocabulary, c_.hidden);
  inventory.Table(embeddings + "position_embeddings", c_.positions, c_.hidden);
  inventory.Table(embeddings + "token_type_embeddings", c_.types, c_.hidden);
  inventory.Norm(embeddings + "LayerNorm", c_.hidden);
  for (int64_t i = 0; i < c_.layers; ++i) {
    const std::string at = c_.id + ".encoder.layer." + std::to_string(i) + ".";
    const LayerNames names = {
        "layer." + std::to_string(i), at + "attention.self.query",       at + "attention.self.key",
        at + "attention.self.value",  at + "attention.output.dense",     at + "intermediate.dense",
        at + "output.dense",          at + "attention.output.LayerNorm", at + "output.LayerNorm"};
    for (const std::string& square : {names.query, names.key, names.value, names.attn_out})
      inventory.Linear(square, c_.hidden, c_.hidden);
    inventory.Norm(names.norm1, c_.hidden);
    inventory.Linear(names.fc1, c_.inner, c_.hidden);
    inventory.Linear(names.fc2, c_.hidden, c_.inner);
    inventory.Norm(names.norm2, c_.hidden);
    layers_.push_back(names);
  }
}

std::vector<std::string> Encoder::layers() const {
  std::vector<std::string> names = {"embeddings"};
  for (const LayerNames& layer : layers_) names.push_back(layer.name);
  return names;
}

void Encoder::SetDropout(double p) {
  c_.hidden_dropout = c_.attention_dropout = c_.head_dropout = p;
}

Hidden Encoder::Run(const Tensors& w, const Batch& batch, bool first_only, Context& context) const {
  Hidden x = Embed(w, batch, context);
  if (!context.Reached("embeddings", x.stream)) return {};
  const AttentionRows whole = AttentionRows::Whole(batch);
  for (const LayerNames& layer : layers_) {
    const bool last = first_only && &layer == &layers_.back() && !context.EveryToken();
    const AttentionRows rows = last ? AttentionRows::OneQuery(batch) : whole;
    const at::Tensor first = last ? batch.first : at::Tensor();
    x = nn::Recompute(context, x, [this, w, &layer, rows, first, &context](const Hidden& in) {
      return Layer(w, layer, rows, first, in, context);
    });
    if (!context.Reached(layer.name, x.stream)) return {};
  }
  if (!first_only || !context.EveryToken()) return x;
  return {x.stream.index_select(0, batch.first), x.compute.index_select(0, batch.first)};
}

Hidden Encoder::Embed(const Tensors& w, const Batch& batch, Context& context) const {
  const std::string at = c_.id + ".embeddings.";
  // The kinds of segments that the tokenizer counts are the model's only if it has as many.
  const at::Tensor types = c_.types > 1 ? batch.types : at::zeros_like(batch.types);
  const at::Tensor positions =
      c_.position_offset == 0 ? batch.positions : batch.positions + c_.position_offset;
  const at::Tensor sum = parts::Rows(w.Get(at + "word_embeddings.weight"), batch.ids, true) +
                         parts::Rows(w.Get(at + "token_type_embeddings.weight"), types) +
                         parts::Rows(w.Get(at + "position_embeddings.weight"), positions);
  return parts::NormAndDrop(sum, parts::NormOf(w, at + "LayerNorm", c_.eps), c_.hidden_dropout,
                            context);
}

// `first` given: only these rows of x go on.
Hidden Encoder::Layer(const Tensors& w, const LayerNames& names, const AttentionRows& rows,
                      const at::Tensor& first, const Hidden& x, Context& context) const {
  const Hidden own = first.defined()
                         ? Hidden{x.stream.index_select(0, first), x.compute.index_select(0, first)}
                         : x;
  const auto linear = [&](const std::string& module, const char* role, const at::Tensor& in) {
    return context.Linear(parts::SiteOf(w, module, role), in);
  };
  const at::Tensor q = linear(names.query, "query", own.compute),
                   k = linear(names.key, "key", x.compute),
                   v = linear(names.value, "value", x.compute);
  at::Tensor y = nn::Attention(q, k, v, rows, c_.heads, context.NextDropout(c_.attention_dropout));
  y = linear(names.attn_out, "attn_out", y);
  const Hidden middle = nn::AddNorm(y, own.stream, parts::NormOf(w, names.norm1, c_.eps),
                                    context.NextDropout(c_.hidden_dropout), context.compute());
  y = nn::Activate(c_.activation, linear(names.fc1, "fc1", middle.compute));
  y = linear(names.fc2, "fc2", y);
  return nn::AddNorm(y, middle.stream, parts::NormOf(w, names.norm2, c_.eps),
                     context.NextDropout(c_.hidden_dropout), context.compute());
}

std::string EncoderClassifier::NameOf(const std::string& checkpoint_name) const {
  return inventory_.Find(checkpoint_name, encoder_.config().id + ".");
}

Json EncoderClassifier::ExportConfig(const Json& config) const {
  Json out = config;
  parts::DescribeClassifier(out, labels_, architecture_);
  return out;
}

}  // namespace eida::engine
