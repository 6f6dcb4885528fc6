// GPT-2 as a causal language model: pre-norm layers with Conv1D weights, a last LayerNorm, and the
// token table as the last projection.
#include <torch/torch.h>

#include "worker/engine/job.h"
#include "worker/engine/models/decode.h"
#include "worker/engine/models/parts.h"
#include "worker/engine/nn/recompute.h"

namespace eida::engine {
namespace {

struct Gpt2Config {
  int64_t hidden = 0, layers = 0, heads = 0, inner = 0, vocabulary = 0, positions = 0;
  double eps = 1e-5, embedding_dropout = 0.1, attention_dropout = 0.1, hidden_dropout = 0.1;
  std::string activation = "gelu_new";
  bool tied = true;
};

Result<Gpt2Config> ReadGpt2Config(const Json& json, const std::string& path) {
  Gpt2Config c;
  EIDA_RETURN_IF_ERROR(parts::ReadNumbers(json, path,
                                          {{"n_embd", &c.hidden},
                                           {"n_layer", &c.layers},
                                           {"n_head", &c.heads},
                                           {"vocab_size", &c.vocabulary},
                                           {"n_positions", &c.positions}}));
  c.inner = GetOr<int64_t>(json, "n_inner", 4 * c.hidden);
  c.eps = GetOr<double>(json, "layer_norm_epsilon", 1e-5);
  c.embedding_dropout = GetOr<double>(json, "embd_pdrop", 0.1);
  c.attention_dropout = GetOr<double>(json, "attn_pdrop", 0.1);
  c.hidden_dropout = GetOr<double>(json, "resid_pdrop", 0.1);
  c.activation = GetOr<std::string>(json, "activation_function", "gelu_new");
  c.tied = GetOr<bool>(json, "tie_word_embeddings", true);
  if (c.hidden % c.heads != 0) return ConfigError(path + ": n_embd is not a multiple of n_head");
  const auto unsupported = [&](const std::string& what) {
    return parts::Unsupported(path, what, "; use a plain GPT-2");
  };
  if (!nn::IsActivation(c.activation))
    return unsupported("activation_function \"" + c.activation + "\"");
  if (!GetOr<bool>(json, "scale_attn_weights", true)) return unsupported("scale_attn_weights");
  for (const char* key : {"scale_attn_by_inverse_layer_idx", "add_cross_attention"}) {
    if (GetOr<bool>(json, key, false)) return unsupported(key);
  }
  return c;
}

class Gpt2 : public Model {
 public:
  explicit Gpt2(const Gpt2Config& config) : c_(config), inventory_("gpt2") {
    inventory_.Table("transformer.wte", c_.vocabulary, c_.hidden);
    inventory_.Table("transformer.wpe", c_.positions, c_.hidden);
    for (int64_t i = 0; i < c_.layers; ++i) {
      const std::string at = "transformer.h." + std::to_string(i) + ".";
      names_.push_back({"layer." + std::to_string(i), at + "ln_1", at + "attn.c_attn",
                        at + "attn.c_proj", at + "ln_2", at + "mlp.c_fc", at + "mlp.c_proj"});
      const LayerNames& names = names_.back();
      inventory_.Norm(names.norm1, c_.hidden);
      inventory_.Linear(names.qkv, 3 * c_.hidden, c_.hidden);
      inventory_.Linear(names.attn_out, c_.hidden, c_.hidden);
      inventory_.Norm(names.norm2, c_.hidden);
      inventory_.Linear(names.fc1, c_.inner, c_.hidden);
      inventory_.Linear(names.fc2, c_.hidden, c_.inner);
    }
    inventory_.Norm("transformer.ln_f", c_.hidden);
    if (!c_.tied) inventory_.Table("lm_head", c_.vocabulary, c_.hidden);
  }

  const std::vector<Parameter>& parameters() const override { return inventory_.parameters(); }
  const std::vector<SiteShape>& sites() const override { return inventory_.sites(); }
  int64_t max_length() const override { return c_.positions; }
  int64_t vocabulary() const override { return c_.vocabulary; }
  bool generates() const override { return true; }
  bool IsHead(const std::string&) const override { return false; }
  void SetDropout(double p) override {
    c_.embedding_dropout = c_.attention_dropout = c_.hidden_dropout = p;
  }
  std::string NameOf(const std::string& checkpoint_name) const override {
    return inventory_.Find(checkpoint_name, "transformer.");
  }
  std::vector<std::string> layers() const override {
    std::vector<std::string> names = {"embeddings"};
    for (const LayerNames& layer : names_) names.push_back(layer.name);
    return names;
  }

  at::Tensor States(const Tensors& w, const Batch& batch, Context& context) const override {
    return Through(w, batch.ids, batch.positions, Attending(AttentionRows::Causal(batch)), context);
  }
  at::Tensor Begin(const Tensors& w, const Batch& batch, Context& context,
                   DecodeState& state) const override {
    const at::Tensor all =
        Through(w, batch.ids, batch.positions, Attending::Keeping(batch, {}, state), context);
    return all.index_select(0, LastRows(batch, all.device()));
  }
  at::Tensor Step(const Tensors& w, const at::Tensor& ids, Context& context,
                  DecodeState& state) const override {
    const at::Tensor positions = state.Positions(ids.device());
    return Through(w, ids, positions, Attending::Continuing(state), context);
  }

  Projection Output(const Tensors& w) const override {
    return {w.Get(c_.tied ? "transformer.wte.weight" : "lm_head.weight"), {}};
  }

  Json ExportConfig(const Json& config) const override {
    Json out = config;
    parts::DescribeWeights(out, "gpt2", "GPT2LMHeadModel");
    return out;
  }

 private:
  struct LayerNames {
    std::string name, norm1, qkv, attn_out, norm2, fc1, fc2;
  };

  // The states of `ids` at `positions`, both i64 [tokens].
  at::Tensor Through(const Tensors& w, const at::Tensor& ids, const at::Tensor& positions,
                     const Attending& attending, Context& context) const {
    const at::Tensor sum = parts::Rows(w.Get("transformer.wte.weight"), ids, true) +
                           parts::Rows(w.Get("transformer.wpe.weight"), positions);
    at::Tensor stream =
        nn::Dropout(sum, context.NextDropout(c_.embedding_dropout), at::kFloat).stream;
    if (!context.Reached("embeddings", stream)) return {};
    for (size_t i = 0; i < names_.size(); ++i) {
      stream = nn::Recompute(
                   context, {stream},
                   [this, w, i, attending, &context](const std::vector<at::Tensor>& in) {
                     return std::vector<at::Tensor>{Layer(w, i, attending, in.front(), context)};
                   })
                   .front();
      // The last layer's output is what transformers calls so: behind the last norm.
      if (i + 1 < names_.size() && !context.Reached(names_[i].name, stream)) return {};
    }
    const Hidden last =
        nn::Norm(stream, parts::NormOf(w, "transformer.ln_f", c_.eps), context.compute());
    if (!context.Reached(names_.back().name, last.stream) || context.Probing()) return {};
    return last.compute;
  }

  at::Tensor Layer(const Tensors& w, size_t i, const Attending& attending, const at::Tensor& stream,
                   Context& context) const {
    const LayerNames& names = names_[i];
    const auto linear = [&](const std::string& module, const char* role, const at::Tensor& x) {
      return context.Linear(parts::SiteOf(w, module, role, true), x);
    };
    const at::Tensor x =
        nn::Norm(stream, parts::NormOf(w, names.norm1, c_.eps), context.compute()).compute;
    const std::vector<at::Tensor> qkv = linear(names.qkv, "qkv", x).chunk(3, 1);
    at::Tensor y =
        attending.Self(qkv[0], qkv[1], qkv[2], i, c_.heads, c_.attention_dropout, context);
    y = linear(names.attn_out, "attn_out", y);
    const at::Tensor middle = nn::AddResidual(y, stream, context.NextDropout(c_.hidden_dropout));
    y = nn::Norm(middle, parts::NormOf(w, names.norm2, c_.eps), context.compute()).compute;
    y = nn::Activate(c_.activation, linear(names.fc1, "fc1", y));
    y = linear(names.fc2, "fc2", y);
    return nn::AddResidual(y, middle, context.NextDropout(c_.hidden_dropout));
  }

  Gpt2Config c_;
  parts::Inventory inventory_;
  std::vector<LayerNames> names_;
};

}  // namespace

Result<std::unique_ptr<Model>> Make_gpt2(const Json& config, const ModelOptions& options) {
  EIDA_ASSIGN_OR_RETURN(const Gpt2Config c, ReadGpt2Config(config, options.config_path));
  return std::unique_ptr<Model>(new Gpt2(c));
}

}  // namespace eida::engine
