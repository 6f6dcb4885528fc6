// A model architecture: a function of (weights, batch, context). Knows nothing of adapters,
// training or files.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"
#include "worker/engine/nn/batch.h"
#include "worker/engine/nn/context.h"

namespace eida::engine {

// A model's tensors by name: `over` first, then `base`. Borrowed.
struct Tensors {
  const std::map<std::string, at::Tensor>* over = nullptr;
  const std::map<std::string, at::Tensor>* base = nullptr;
  // REQUIRES: one of the two has it (the base is checked against Model::parameters when it is
  // loaded).
  const at::Tensor& Get(const std::string& name) const;
  // The tensor, or an undefined one.
  at::Tensor Find(const std::string& name) const;
};

struct Parameter {
  enum class Init { kNone, kNormal, kZeros };  // kNone: a checkpoint without it is refused
  std::string name;
  std::vector<int64_t> shape;
  Init init = Init::kNone;
  double spread = 0;    // standard deviation of kNormal
  bool buffer = false;  // never trained
};

class DecodeState;  // models/decode.h

struct ModelOptions {
  int64_t labels = 2;       // of a classifier
  std::string config_path;  // for messages
};

// What turns the states of a language model into logits: states weight^T + bias.
struct Projection {
  at::Tensor weight;  // [vocabulary, hidden]
  at::Tensor bias;    // [vocabulary] numbers, or undefined
};

class Model {
 public:
  virtual ~Model() = default;
  // Every parameter with its Hugging Face name, as transformers' class of that head saves it. Head
  // last.
  virtual const std::vector<Parameter>& parameters() const = 0;
  // Every linear map in forward order, the parts of fused ones behind them; the last projection of
  // the head excluded.
  virtual const std::vector<SiteShape>& sites() const = 0;
  // The name under which parameters() has a tensor of a checkpoint ("" = not a parameter of this
  // model, or the second name of one).
  virtual std::string NameOf(const std::string& checkpoint_name) const = 0;
  // Layers whose output Features may ask for, in order. The last is what "last" means; those of a
  // decoder begin with "decoder.".
  virtual std::vector<std::string> layers() const = 0;
  virtual int64_t max_length() const = 0;
  virtual int64_t vocabulary() const = 0;
  // Does it predict tokens (States, Output), or classify items (Logits)?
  virtual bool generates() const { return false; }
  // Is what it reads one sequence (of an encoder) and what it predicts another?
  virtual bool encodes() const { return false; }
  // Classifiers: fp32 [items, labels]; undefined when the context is probing for layers.
  virtual at::Tensor Logits(const Tensors&, const Batch&, Context&) const { return {}; }
  // Language models: what Output projects, [tokens (of the decoder), hidden] in the compute type;
  // undefined when the context is probing.
  virtual at::Tensor States(const Tensors&, const Batch&, Context&) const { return {}; }
  virtual Projection Output(const Tensors&) const { return {}; }
  // The same a token at a time, for generation. Begin: the states of each item's last token (of the
  // decoder), [items, hidden]; the state then has a row an item. Step: those of one more token of
  // each row, `ids` i64 [rows].
  virtual at::Tensor Begin(const Tensors&, const Batch&, Context&, DecodeState&) const {
    return {};
  }
  virtual at::Tensor Step(const Tensors&, const at::Tensor& ids, Context&, DecodeState&) const {
    return {};
  }
  // Parameters that belong to the new head, which every adapter trains.
  virtual bool IsHead(const std::string& name) const = 0;
  // Dropout probabilities; null = config.json's. One number for all of them.
  virtual void SetDropout(double p) = 0;
  // What config.json must say for transformers to load the trained model: architectures,
  // num_labels, labels.
  virtual Json ExportConfig(const Json& config) const = 0;
};

// A forward pass for what the context probes or observes.
void Pass(const Model& model, const Tensors& tensors, const Batch& batch, Context& context);

// Losses of a batch, per item.
struct Losses {
  at::Tensor sum;       // fp32 [items]: over the item's labels
  at::Tensor count;     // fp32 [items]: how many labels it has; 1 for a classifier
  at::Tensor logits;    // classifiers: fp32 [items, labels]
  at::Tensor smoothed;  // EvaluationLossesOf: as `sum`; else undefined
};
// Cross entropy with label smoothing, as transformers' LabelSmoother.
Losses LossesOf(const Model& model, const Tensors& tensors, const Batch& batch, Context& context,
                double smoothing);
// What evaluation looks at: `sum` without smoothing and, where there is some, `smoothed` with it,
// of one pass. No gradients.
Losses EvaluationLossesOf(const Model& model, const Tensors& tensors, const Batch& batch,
                          Context& context, double smoothing);

// The model of config.json's model_type. ConfigError naming what this version cannot compute.
Result<std::unique_ptr<Model>> MakeModel(const Json& config, const ModelOptions& options);

}  // namespace eida::engine
