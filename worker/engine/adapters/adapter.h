// A way to tune a model: which tensors train, how they enter the forward pass, what they are in the
// end. An adapter's state is tensors by the names under which the `weights` artifact stores them:
// those that train and those that were fixed when the run began.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "worker/engine/models/base.h"
#include "worker/engine/nn/context.h"
#include "worker/engine/study.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {

// What an adapter may look at to choose its state: the training items, and how the run computes.
struct TrainingData {
  const Examples& train;
  const Model& model;  // the run's; passes without a dropout stream have no dropout
  at::ScalarType compute = at::kFloat;
  int64_t batch_size = 32;  // of passes that observe
  double first_lr = 0;      // learning rate of the first update that moves anything
};

class Adapter {
 public:
  virtual ~Adapter() = default;
  // "adapter" or "model": the kind of the artifact.
  virtual std::string artifact_kind() const = 0;
  // The settings as the artifact's metadata keeps them, with "type".
  virtual Json settings() const = 0;
  // The state at the start of a run: tensors of their own memory, fp32, on the base's device; a
  // function of base, seed and data. ConfigError when the settings do not fit the model.
  virtual Result<Weights> Init(const Base& base, uint64_t seed, const TrainingData& data) const = 0;
  // Does this tensor of the state train?
  virtual bool Trains(const std::string& name) const { return true; }
  // Does each epoch begin a cycle of its own: a state made anew by Refresh, a fresh optimizer?
  virtual bool refreshes() const { return false; }
  // The state with which cycle `cycle` (from 1) begins, of the one with which the cycle before
  // ended: the same function of the weights, so far as they are merged.
  virtual Result<Weights> Refresh(const Base& base, const Weights& state, uint64_t seed,
                                  int64_t cycle, const TrainingData& data) const {
    return state;
  }
  // How the state enters a pass: tensors that replace the base's by name, and patches at sites.
  // ConfigError when settings or state do not fit the model.
  virtual Status Attach(const Base& base, const Weights& state, Weights* over,
                        SitePatches* patches) const = 0;
  // Tensors by Hugging Face name that differ from the base's, fp32. ConfigError when `state` lacks
  // something.
  virtual Result<Weights> Merge(const Base& base, const Weights& state) const = 0;
  // The same function of the model in the form of a LoRA, which PEFT can hold. ConfigError where
  // there is none. REQUIRES: the state merges.
  virtual Result<LowRank> AsLowRank(const Base& base, const Weights& state) const;
};

// By settings["type"], one of common/catalog/adapters.def.
Result<std::unique_ptr<Adapter>> MakeAdapter(const Json& settings);

// The base's tensors with the updates in, and what is whole: what Merge gives of that state.
// ConfigError when the base lacks a map. REQUIRES: factors of the maps' shapes.
Result<Weights> MergeLowRank(const Base& base, const LowRank& update);

// The part of a stored weight (or a gradient of its shape) that is the site's, as [out, in]. A
// view.
at::Tensor WeightOf(const at::Tensor& stored, const SiteShape& site);
// The same of a bias: [out].
at::Tensor BiasOf(const at::Tensor& stored, const SiteShape& site);

// The parameters of the new head at the start: of the checkpoint if it has them, else from the
// seed. ConfigError when something else than the head is missing, which a run of an adapter would
// leave at random values.
Result<Weights> HeadAtStart(const Base& base, uint64_t seed);

// Is it a language model's token table that is also its last projection?
bool IsTiedTable(const Base& base, const std::string& parameter);

}  // namespace eida::engine
