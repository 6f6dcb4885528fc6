#include "worker/engine/models/encoder_decoder.h"

#include <torch/torch.h>

#include <cmath>

#include "worker/engine/job.h"
#include "worker/engine/models/decode.h"
#include "worker/engine/models/parts.h"
#include "worker/engine/nn/recompute.h"

namespace eida::engine {
namespace {

constexpr int64_t kPositionOffset = 2;  // of BARTLearnedPositionalEmbedding
constexpr char kTokens[] = "model.shared.weight";
constexpr char kLogitsBias[] = "final_logits_bias";
constexpr double kNormEps = 1e-5;

struct StackConfig {
  int64_t layers = 0, heads = 0, inner = 0;
};

struct EncoderDecoderConfig {
  std::string id, architecture;
  bool pre_norm = false, scaled = false, tied = true;
  int64_t hidden = 0, vocabulary = 0, positions = 0;
  StackConfig encoder, decoder;
  double dropout = 0.1, attention_dropout = 0, activation_dropout = 0;
  std::string activation = "gelu";
};

Result<EncoderDecoderConfig> ReadEncoderDecoderConfig(const Json& json, const std::string& path) {
  EncoderDecoderConfig c;
  EIDA_RETURN_IF_ERROR(parts::ReadNumbers(json, path,
                                          {{"d_model", &c.hidden},
                                           {"vocab_size", &c.vocabulary},
                                           {"max_position_embeddings", &c.positions},
                                           {"encoder_layers", &c.encoder.layers},
                                           {"encoder_attention_heads", &c.encoder.heads},
                                           {"encoder_ffn_dim", &c.encoder.inner},
                                           {"decoder_layers", &c.decoder.layers},
                                           {"decoder_attention_heads", &c.decoder.heads},
                                           {"decoder_ffn_dim", &c.decoder.inner}}));
  c.dropout = GetOr<double>(json, "dropout", 0.1);
  c.attention_dropout = GetOr<double>(json, "attention_dropout", 0);
  c.activation_dropout = GetOr<double>(json, "activation_dropout", 0);
  c.activation = GetOr<std::string>(json, "activation_function", "gelu");
  c.scaled = GetOr<bool>(json, "scale_embedding", false);
  c.tied = GetOr<bool>(json, "tie_word_embeddings", true);
  if (c.hidden % c.encoder.heads != 0 || c.hidden % c.decoder.heads != 0)
    return ConfigError(path + ": d_model is not a multiple of the attention heads");
  if (!nn::IsActivation(c.activation))
    return parts::Unsupported(path, "activation_function \"" + c.activation + "\"",
                              "; use a plain BART");
  return c;
}

// The names of one layer's maps and norms; the cross ones are empty in an encoder.
struct StackLayerNames {
  std::string name;
  std::string query, key, value, attn_out, norm;
  std::string cross_query, cross_key, cross_value, cross_attn_out, cross_norm;
  std::string fc1, fc2, last_norm;
};

class EncoderDecoder : public Model {
 public:
  explicit EncoderDecoder(const EncoderDecoderConfig& config) : c_(config), inventory_(config.id) {
    inventory_.Table("model.shared", c_.vocabulary, c_.hidden);
    AddStack("encoder", c_.encoder, encoder_);
    AddStack("decoder", c_.decoder, decoder_);
    if (!c_.tied) inventory_.Table("lm_head", c_.vocabulary, c_.hidden);
    // transformers keeps it as a buffer: it is read and written, and it never trains.
    inventory_.Add({kLogitsBias, {1, c_.vocabulary}, Parameter::Init::kZeros, 0, true});
  }

  const std::vector<Parameter>& parameters() const override { return inventory_.parameters(); }
  const std::vector<SiteShape>& sites() const override { return inventory_.sites(); }
  int64_t max_length() const override { return c_.positions; }
  int64_t vocabulary() const override { return c_.vocabulary; }
  bool generates() const override { return true; }
  bool encodes() const override { return true; }
  bool IsHead(const std::string&) const override { return false; }
  void SetDropout(double p) override {
    c_.dropout = c_.attention_dropout = c_.activation_dropout = p;
  }

  std::string NameOf(const std::string& checkpoint_name) const override {
    return inventory_.Find(checkpoint_name, "model.");
  }

  std::vector<std::string> layers() const override {
    std::vector<std::string> names;
    for (const auto* stack : {&encoder_, &decoder_}) {
      names.push_back(StackName(stack == &decoder_) + ".embeddings");
      for (const StackLayerNames& layer : *stack) names.push_back(layer.name);
    }
    return names;
  }

  at::Tensor States(const Tensors& w, const Batch& batch, Context& context) const override {
    const at::Tensor memory = Encode(w, batch, context);
    if (!memory.defined()) return {};
    return Decode(w, batch.decoder.ids, batch.decoder.positions,
                  Attending(AttentionRows::Causal(batch.decoder),
                            AttentionRows::Across(batch.decoder, batch)),
                  memory, context);
  }
  at::Tensor Begin(const Tensors& w, const Batch& batch, Context& context,
                   DecodeState& state) const override {
    const Sequences& own = batch.decoder;
    const at::Tensor memory = Encode(w, batch, context);
    const at::Tensor all =
        Decode(w, own.ids, own.positions,
               Attending::Keeping(own, AttentionRows::Across(own, batch), state), memory, context);
    return all.index_select(0, LastRows(own, all.device()));
  }
  at::Tensor Step(const Tensors& w, const at::Tensor& ids, Context& context,
                  DecodeState& state) const override {
    const at::Tensor positions = state.Positions(ids.device());
    return Decode(w, ids, positions, Attending::Continuing(state), {}, context);
  }

  Projection Output(const Tensors& w) const override {
    return {w.Get(c_.tied ? kTokens : "lm_head.weight"), w.Find(kLogitsBias)};
  }

  Json ExportConfig(const Json& config) const override {
    Json out = config;
    parts::DescribeWeights(out, c_.id, c_.architecture);
    return out;
  }

 private:
  static std::string StackName(bool decoder) { return decoder ? "decoder" : "encoder"; }

  void AddStack(const std::string& stack, const StackConfig& config,
                std::vector<StackLayerNames>& names) {
    const bool decoder = stack == "decoder";
    const std::string at = "model." + stack + ".";
    inventory_.Table(at + "embed_positions", c_.positions + kPositionOffset, c_.hidden);
    for (int64_t i = 0; i < config.layers; ++i) {
      const std::string layer = at + "layers." + std::to_string(i) + ".";
      StackLayerNames n;
      n.name = stack + ".layer." + std::to_string(i);
      n.query = layer + "self_attn.q_proj", n.key = layer + "self_attn.k_proj";
      n.value = layer + "self_attn.v_proj", n.attn_out = layer + "self_attn.out_proj";
      n.norm = layer + "self_attn_layer_norm";
      for (const std::string& square : {n.query, n.key, n.value, n.attn_out})
        inventory_.Linear(square, c_.hidden, c_.hidden);
      inventory_.Norm(n.norm, c_.hidden);
      if (decoder) {
        const std::string cross = layer + "encoder_attn.";
        n.cross_query = cross + "q_proj", n.cross_key = cross + "k_proj";
        n.cross_value = cross + "v_proj", n.cross_attn_out = cross + "out_proj";
        n.cross_norm = layer + "encoder_attn_layer_norm";
        for (const std::string& square :
             {n.cross_query, n.cross_key, n.cross_value, n.cross_attn_out})
          inventory_.Linear(square, c_.hidden, c_.hidden);
        inventory_.Norm(n.cross_norm, c_.hidden);
      }
      n.fc1 = layer + "fc1", n.fc2 = layer + "fc2", n.last_norm = layer + "final_layer_norm";
      inventory_.Linear(n.fc1, config.inner, c_.hidden);
      inventory_.Linear(n.fc2, c_.hidden, config.inner);
      inventory_.Norm(n.last_norm, c_.hidden);
      names.push_back(std::move(n));
    }
    inventory_.Norm(at + "layernorm_embedding", c_.hidden);
    if (c_.pre_norm) inventory_.Norm(at + "layer_norm", c_.hidden);
  }

  // The encoder's output in the compute type; undefined when the context asks for nothing further.
  at::Tensor Encode(const Tensors& w, const Sequences& own, Context& context) const {
    return Stack(w, false, own.ids, own.positions, Attending(AttentionRows::Whole(own)), {},
                 context)
        .compute;
  }
  // The decoder's states of `ids` at `positions`, both i64 [tokens]. `memory`: the encoder's
  // output; undefined when `attending` has what was made of it.
  at::Tensor Decode(const Tensors& w, const at::Tensor& ids, const at::Tensor& positions,
                    const Attending& attending, const at::Tensor& memory, Context& context) const {
    const Hidden last = Stack(w, true, ids, positions, attending, memory, context);
    return last.stream.defined() && !context.Probing() ? last.compute : at::Tensor();
  }

  Hidden Stack(const Tensors& w, bool decoder, const at::Tensor& ids, const at::Tensor& positions,
               const Attending& attending, const at::Tensor& memory, Context& context) const {
    const std::string stack = StackName(decoder), at = "model." + stack + ".";
    const double scale = c_.scaled ? std::sqrt(static_cast<double>(c_.hidden)) : 1.0;
    const at::Tensor sum =
        parts::Rows(w.Get(kTokens), ids, true) * scale +
        parts::Rows(w.Get(at + "embed_positions.weight"), positions + kPositionOffset);
    Hidden x = parts::NormAndDrop(sum, parts::NormOf(w, at + "layernorm_embedding", kNormEps),
                                  c_.dropout, context);
    if (!context.Reached(stack + ".embeddings", x.stream)) return {};
    const std::vector<StackLayerNames>& layers = decoder ? decoder_ : encoder_;
    for (size_t i = 0; i < layers.size(); ++i) {
      // The encoder's output needs a gradient too, so it is an input of what is computed again.
      std::vector<at::Tensor> inputs = {x.stream, x.compute};
      if (memory.defined()) inputs.push_back(memory);
      const auto outputs = nn::Recompute(
          context, inputs,
          [this, w, decoder, i, attending, &context](const std::vector<at::Tensor>& in) {
            const Hidden y = Layer(w, decoder, i, attending, in.size() > 2 ? in[2] : at::Tensor(),
                                   Hidden{in[0], in[1]}, context);
            return y.compute.is_same(y.stream) ? std::vector<at::Tensor>{y.stream}
                                               : std::vector<at::Tensor>{y.stream, y.compute};
          });
      x = {outputs.front(), outputs.back()};
      // The last layer's output is what transformers calls so: behind the stack's last norm.
      if (i + 1 == layers.size() && c_.pre_norm)
        x = nn::Norm(x.stream, parts::NormOf(w, at + "layer_norm", kNormEps), context.compute());
      if (!context.Reached(layers[i].name, x.stream)) return {};
    }
    return x;
  }

  // `body` around a residual connection and its norm, before (`pre_norm`) or behind.
  template <class Body>
  Hidden Around(const Tensors& w, const std::string& norm, const Hidden& x, Context& context,
                Body&& body) const {
    const NormWeights weights = parts::NormOf(w, norm, kNormEps);
    if (!c_.pre_norm) {
      const at::Tensor y = body(x.compute);
      return nn::AddNorm(y, x.stream, weights, context.NextDropout(c_.dropout), context.compute());
    }
    const at::Tensor y = body(nn::Norm(x.stream, weights, context.compute()).compute);
    const at::Tensor stream = nn::AddResidual(y, x.stream, context.NextDropout(c_.dropout));
    return {stream, stream};  // the next norm gives the compute type
  }

  Hidden Layer(const Tensors& w, bool decoder, size_t i, const Attending& attending,
               const at::Tensor& memory, Hidden x, Context& context) const {
    const StackLayerNames& n = (decoder ? decoder_ : encoder_)[i];
    const int64_t heads = (decoder ? c_.decoder : c_.encoder).heads;
    const auto linear = [&](const std::string& module, const char* role, const at::Tensor& in) {
      return context.Linear(parts::SiteOf(w, module, role), in);
    };
    x = Around(w, n.norm, x, context, [&](const at::Tensor& in) {
      const at::Tensor q = linear(n.query, "query", in), k = linear(n.key, "key", in),
                       v = linear(n.value, "value", in);
      return linear(n.attn_out, "attn_out",
                    attending.Self(q, k, v, i, heads, c_.attention_dropout, context));
    });
    if (decoder) {
      x = Around(w, n.cross_norm, x, context, [&](const at::Tensor& in) {
        const at::Tensor q = linear(n.cross_query, "cross_query", in);
        const auto keys_and_values = [&] {
          const at::Tensor k = linear(n.cross_key, "cross_key", memory);
          return std::pair(k, linear(n.cross_value, "cross_value", memory));
        };
        return linear(n.cross_attn_out, "cross_attn_out",
                      attending.Cross(q, keys_and_values, i, heads, c_.attention_dropout, context));
      });
    }
    return Around(w, n.last_norm, x, context, [&](const at::Tensor& in) {
      const at::Tensor y = nn::Activate(c_.activation, linear(n.fc1, "fc1", in));
      return linear(n.fc2, "fc2", nn::DropoutSame(y, context.NextDropout(c_.activation_dropout)));
    });
  }

  EncoderDecoderConfig c_;
  parts::Inventory inventory_;
  std::vector<StackLayerNames> encoder_, decoder_;
};

}  // namespace

Result<std::unique_ptr<Model>> MakeEncoderDecoder(const std::string& id, bool pre_norm,
                                                  const std::string& architecture,
                                                  const Json& config, const ModelOptions& options) {
  EIDA_ASSIGN_OR_RETURN(EncoderDecoderConfig c,
                        ReadEncoderDecoderConfig(config, options.config_path));
  c.id = id;
  c.architecture = architecture;
  c.pre_norm = pre_norm;
  return std::unique_ptr<Model>(new EncoderDecoder(c));
}

}  // namespace eida::engine
