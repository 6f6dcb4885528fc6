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
  double spread = 0;  // standard deviation of kNormal
};

struct ModelOptions {
  int64_t labels = 2;
  std::string config_path;  // for messages
};

class Model {
 public:
  virtual ~Model() = default;
  // Every parameter with its Hugging Face name, as transformers' sequence classification class
  // saves it. Head last.
  virtual const std::vector<Parameter>& parameters() const = 0;
  // Every linear map in forward order, the head excluded.
  virtual const std::vector<SiteName>& sites() const = 0;
  // The name under which parameters() has a tensor of a checkpoint ("" = not a parameter of this
  // model).
  virtual std::string NameOf(const std::string& checkpoint_name) const = 0;
  // Layers whose output Features may ask for, in order. The last is what "last" means.
  virtual std::vector<std::string> layers() const = 0;
  virtual int64_t max_length() const = 0;
  virtual int64_t vocabulary() const = 0;
  // fp32 [items, labels]; undefined when the context is probing for layers.
  virtual at::Tensor Logits(const Tensors& tensors, const Batch& batch, Context& context) const = 0;
  // Parameters that belong to the new head, which every adapter trains.
  virtual bool IsHead(const std::string& name) const = 0;
  // Dropout probabilities; null = config.json's. One number for all of them.
  virtual void SetDropout(double p) = 0;
  // What config.json must say for transformers to load the trained model: architectures,
  // num_labels, labels.
  virtual Json ExportConfig(const Json& config) const = 0;
};

// The model of config.json's model_type. ConfigError naming what this version cannot compute.
Result<std::unique_ptr<Model>> MakeModel(const Json& config, const ModelOptions& options);

}  // namespace eida::engine
