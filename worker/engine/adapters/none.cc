// Full fine-tuning: every parameter trains.
#include <torch/torch.h>

#include "worker/engine/adapters/adapter.h"

namespace eida::engine {
namespace {

class None : public Adapter {
 public:
  std::string artifact_kind() const override { return "model"; }
  Json settings() const override { return {{"type", "none"}}; }

  Result<Weights> Init(const Base& base, uint64_t seed, const TrainingData&) const override {
    Weights trainable = base.Fresh(seed);
    for (const Parameter& p : base.model->parameters()) {
      const auto found = base.weights.find(p.name);
      if (found != base.weights.end() && !p.buffer) trainable[p.name] = found->second.clone();
    }
    return trainable;
  }

  Status Attach(const Base& base, const Weights& trainable, Weights* over,
                SitePatches* patches) const override {
    *over = trainable;
    return OkStatus();
  }

  Result<Weights> Merge(const Base& base, const Weights& trained) const override {
    Weights merged;
    for (const auto& [stored, tensor] : trained) {
      const std::string name = base.model->NameOf(stored);
      if (!name.empty()) merged[name] = tensor.detach().to(base.device, at::kFloat);
    }
    if (merged.empty())
      return ConfigError("none of the " + std::to_string(trained.size()) +
                         " tensors is one of the base model: the weights belong to another model");
    return merged;
  }
};

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter_none(const Json&) {
  return std::unique_ptr<Adapter>(new None);
}

}  // namespace eida::engine
