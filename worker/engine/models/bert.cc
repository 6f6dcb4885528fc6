// BERT encoders with a pooled classification head, as transformers' BertForSequenceClassification
// computes them.
#include <torch/torch.h>

#include "common/catalog/catalog.h"
#include "worker/engine/job.h"
#include "worker/engine/models/model.h"
#include "worker/engine/nn/functional.h"

namespace eida::engine {
namespace {

struct BertConfig {
  int64_t hidden = 0, layers = 0, heads = 0, inner = 0, vocabulary = 0, positions = 0, types = 2,
          labels = 2;
  double eps = 1e-12, spread = 0.02;
  double hidden_dropout = 0.1, attention_dropout = 0.1, head_dropout = 0.1;
  std::string activation = "gelu";
};

Result<BertConfig> ReadConfig(const Json& json, const ModelOptions& options) {
  const std::string& where = options.config_path;
  BertConfig c;
  struct Number {
    const char* key;
    int64_t* value;
  };
  for (const Number& n :
       {Number{"hidden_size", &c.hidden}, Number{"num_hidden_layers", &c.layers},
        Number{"num_attention_heads", &c.heads}, Number{"intermediate_size", &c.inner},
        Number{"vocab_size", &c.vocabulary}, Number{"max_position_embeddings", &c.positions}}) {
    const auto value = Require<int64_t>(json, n.key, where);
    if (!value.ok()) return ConfigError(Message(value.status()));
    if (*value <= 0)
      return ConfigError(where + ": " + n.key + " is " + std::to_string(*value) +
                         ", it must be positive");
    *n.value = *value;
  }
  c.types = GetOr<int64_t>(json, "type_vocab_size", 2);
  c.labels = options.labels;
  c.eps = GetOr<double>(json, "layer_norm_eps", 1e-12);
  c.spread = GetOr<double>(json, "initializer_range", 0.02);
  c.hidden_dropout = GetOr<double>(json, "hidden_dropout_prob", 0.1);
  c.attention_dropout = GetOr<double>(json, "attention_probs_dropout_prob", 0.1);
  c.head_dropout = GetOr<double>(json, "classifier_dropout", c.hidden_dropout);
  c.activation = GetOr<std::string>(json, "hidden_act", "gelu");
  if (c.hidden % c.heads != 0)
    return ConfigError(where + ": hidden_size is not a multiple of num_attention_heads");
  const auto unsupported = [&](const std::string& what) {
    return ConfigError(where + ": " + what +
                       " is not computed by this version; use a plain BERT encoder");
  };
  if (c.activation != "gelu" && c.activation != "gelu_new" && c.activation != "gelu_pytorch_tanh" &&
      c.activation != "relu") {
    return unsupported("hidden_act \"" + c.activation + "\"");
  }
  const auto position = GetOr<std::string>(json, "position_embedding_type", "absolute");
  if (position != "absolute") return unsupported("position_embedding_type \"" + position + "\"");
  if (GetOr<bool>(json, "is_decoder", false)) return unsupported("is_decoder");
  return c;
}

struct LayerNames {
  std::string name;  // "layer.3": what Features calls its output
  SiteName query, key, value, attn_out, fc1, fc2;
  std::string norm1, norm2;
};

class Bert : public Model {
 public:
  explicit Bert(const BertConfig& config) : c_(config) {
    const catalog::Model& entry = *catalog::Find(catalog::Models(), "bert");
    const auto add = [&](const std::string& module, int64_t out, int64_t in) {
      parameters_.push_back({module + ".weight", {out, in}});
      parameters_.push_back({module + ".bias", {out}});
      sites_.push_back({module, catalog::RoleOf(entry, module)});
      return sites_.back();
    };
    const auto add_norm = [&](const std::string& module) {
      parameters_.push_back({module + ".weight", {c_.hidden}});
      parameters_.push_back({module + ".bias", {c_.hidden}});
      return module;
    };
    const std::string embeddings = "bert.embeddings.";
    parameters_.push_back({embeddings + "word_embeddings.weight", {c_.vocabulary, c_.hidden}});
    parameters_.push_back({embeddings + "position_embeddings.weight", {c_.positions, c_.hidden}});
    parameters_.push_back({embeddings + "token_type_embeddings.weight", {c_.types, c_.hidden}});
    add_norm(embeddings + "LayerNorm");
    for (int64_t i = 0; i < c_.layers; ++i) {
      const std::string at = "bert.encoder.layer." + std::to_string(i) + ".";
      LayerNames layer;
      layer.name = "layer." + std::to_string(i);
      layer.query = add(at + "attention.self.query", c_.hidden, c_.hidden);
      layer.key = add(at + "attention.self.key", c_.hidden, c_.hidden);
      layer.value = add(at + "attention.self.value", c_.hidden, c_.hidden);
      layer.attn_out = add(at + "attention.output.dense", c_.hidden, c_.hidden);
      layer.norm1 = add_norm(at + "attention.output.LayerNorm");
      layer.fc1 = add(at + "intermediate.dense", c_.inner, c_.hidden);
      layer.fc2 = add(at + "output.dense", c_.hidden, c_.inner);
      layer.norm2 = add_norm(at + "output.LayerNorm");
      layers_.push_back(layer);
    }
    // Checkpoints of the bare encoder may lack the pooler, and nearly all lack the head.
    const auto fresh = [&](const std::string& module, int64_t out) {
      parameters_.push_back(
          {module + ".weight", {out, c_.hidden}, Parameter::Init::kNormal, c_.spread});
      parameters_.push_back({module + ".bias", {out}, Parameter::Init::kZeros});
    };
    fresh("bert.pooler.dense", c_.hidden);
    sites_.push_back({"bert.pooler.dense", catalog::RoleOf(entry, "bert.pooler.dense")});
    fresh("classifier", c_.labels);
  }

  const std::vector<Parameter>& parameters() const override { return parameters_; }
  const std::vector<SiteName>& sites() const override { return sites_; }
  int64_t max_length() const override { return c_.positions; }
  int64_t vocabulary() const override { return c_.vocabulary; }
  bool IsHead(const std::string& name) const override { return name.rfind("classifier.", 0) == 0; }
  void SetDropout(double p) override {
    c_.hidden_dropout = c_.attention_dropout = c_.head_dropout = p;
  }

  std::string NameOf(const std::string& checkpoint_name) const override {
    for (const std::string& name : {checkpoint_name, "bert." + checkpoint_name}) {
      for (const Parameter& p : parameters_) {
        if (p.name == name) return name;
      }
    }
    return "";
  }

  std::vector<std::string> layers() const override {
    std::vector<std::string> names = {"embeddings"};
    for (const LayerNames& layer : layers_) names.push_back(layer.name);
    return names;
  }

  at::Tensor Logits(const Tensors& w, const Batch& batch, Context& context) const override {
    Hidden x = Embed(w, batch, context);
    if (!context.Reached("embeddings", x.stream)) return {};
    for (const LayerNames& layer : layers_) {
      // Only the first token of each item goes on to the pooler, so the last layer computes no
      // other.
      const bool first_only = &layer == &layers_.back() && !context.Probing();
      x = Layer(w, layer, batch, x, first_only, context);
      if (!context.Reached(layer.name, x.stream)) return {};
    }
    const bool whole = context.Probing();
    at::Tensor pooled = whole ? x.compute.index_select(0, batch.first) : x.compute;
    pooled = at::tanh(context.Linear(SiteOf(w, sites_.back()), pooled));
    pooled = nn::DropoutSame(pooled, context.NextDropout(c_.head_dropout));
    return context.Linear(SiteOf(w, {"classifier", "classifier"}), pooled).to(at::kFloat);
  }

  Json ExportConfig(const Json& config) const override {
    Json out = config;
    out["architectures"] = {"BertForSequenceClassification"};
    out["model_type"] = "bert";
    out["problem_type"] = "single_label_classification";
    out["num_labels"] = c_.labels;
    Json id2label = Json::object(), label2id = Json::object();
    for (int64_t i = 0; i < c_.labels; ++i) {
      const std::string label = "LABEL_" + std::to_string(i);
      id2label[std::to_string(i)] = label;
      label2id[label] = i;
    }
    out["id2label"] = id2label;
    out["label2id"] = label2id;
    for (const char* key : {"torch_dtype", "dtype"}) {
      if (out.contains(key)) out[key] = "float32";
    }
    return out;
  }

 private:
  static Site SiteOf(const Tensors& w, const SiteName& name) {
    return {name.name, name.role, w.Get(name.name + ".weight"), w.Find(name.name + ".bias")};
  }

  NormWeights Norm(const Tensors& w, const std::string& module) const {
    return {w.Get(module + ".weight"), w.Get(module + ".bias"), c_.eps};
  }

  Hidden Embed(const Tensors& w, const Batch& batch, Context& context) const {
    const std::string at = "bert.embeddings.";
    // The gradient of the word table is sparse: a batch touches few of its rows.
    const at::Tensor& words = w.Get(at + "word_embeddings.weight");
    const at::Tensor sum = at::embedding(words, batch.ids, -1, false, words.is_cpu()) +
                           at::embedding(w.Get(at + "token_type_embeddings.weight"), batch.types) +
                           at::embedding(w.Get(at + "position_embeddings.weight"), batch.positions);
    const DropoutKey dropout = context.NextDropout(c_.hidden_dropout);
    const at::ScalarType inner = dropout.threshold == 0 ? context.compute() : at::kFloat;
    const Hidden x = nn::AddNorm(sum, {}, Norm(w, at + "LayerNorm"), {}, inner);
    return dropout.threshold == 0 ? x : nn::Dropout(x.stream, dropout, context.compute());
  }

  at::Tensor Activate(const at::Tensor& x) const {
    if (c_.activation == "gelu") return nn::Gelu(x);
    return c_.activation == "relu" ? at::relu(x) : at::gelu(x, "tanh");
  }

  Hidden Layer(const Tensors& w, const LayerNames& names, const Batch& batch, const Hidden& x,
               bool first_only, Context& context) const {
    const Hidden own = first_only ? Hidden{x.stream.index_select(0, batch.first),
                                           x.compute.index_select(0, batch.first)}
                                  : x;
    const at::Tensor q = context.Linear(SiteOf(w, names.query), own.compute);
    const at::Tensor k = context.Linear(SiteOf(w, names.key), x.compute);
    const at::Tensor v = context.Linear(SiteOf(w, names.value), x.compute);
    at::Tensor y =
        nn::Attention(q, k, v, batch, c_.heads, context.NextDropout(c_.attention_dropout));
    y = context.Linear(SiteOf(w, names.attn_out), y);
    const Hidden middle = nn::AddNorm(y, own.stream, Norm(w, names.norm1),
                                      context.NextDropout(c_.hidden_dropout), context.compute());
    y = Activate(context.Linear(SiteOf(w, names.fc1), middle.compute));
    y = context.Linear(SiteOf(w, names.fc2), y);
    return nn::AddNorm(y, middle.stream, Norm(w, names.norm2),
                       context.NextDropout(c_.hidden_dropout), context.compute());
  }

  BertConfig c_;
  std::vector<Parameter> parameters_;
  std::vector<SiteName> sites_;
  std::vector<LayerNames> layers_;
};

}  // namespace

Result<std::unique_ptr<Model>> Make_bert(const Json& config, const ModelOptions& options) {
  EIDA_ASSIGN_OR_RETURN(const BertConfig bert, ReadConfig(config, options));
  return std::unique_ptr<Model>(new Bert(bert));
}

}  // namespace eida::engine
