// A way to tune a model: which tensors train, how they enter the forward pass, what they are in the
// end. Trainable tensors carry the names under which the `weights` artifact stores them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "worker/engine/models/base.h"
#include "worker/engine/nn/context.h"
#include "worker/engine/study.h"

namespace eida::engine {

class Adapter {
 public:
  virtual ~Adapter() = default;
  // "adapter" or "model": the kind of the artifact.
  virtual std::string artifact_kind() const = 0;
  // The settings as the artifact's metadata keeps them, with "type".
  virtual Json settings() const = 0;
  // The trainable tensors at the start of a run: leaves of their own memory, fp32. ConfigError when
  // the settings do not fit the model.
  virtual Result<Weights> Init(const Base& base, uint64_t seed) const = 0;
  // How the trainables enter a pass: tensors that replace the base's by name, and patches at sites.
  virtual void Attach(const Base& base, const Weights& trainable, Weights* over,
                      SitePatches* patches) const = 0;
  // Tensors by Hugging Face name that differ from the base's, fp32. ConfigError when `trained`
  // lacks something.
  virtual Result<Weights> Merge(const Base& base, const Weights& trained) const = 0;
};

// By settings["type"], one of common/catalog/adapters.def.
Result<std::unique_ptr<Adapter>> MakeAdapter(const Json& settings);

// The sites that `targets` (roles, or module paths or their ends) name, in the model's order.
// ConfigError when a target names none.
Result<std::vector<SiteName>> TargetSites(const Model& model,
                                          const std::vector<std::string>& targets);

}  // namespace eida::engine
