// BitFit: the biases train, and the head; every other number stays the base's.
#include "worker/engine/adapters/three_factor.h"
#include "worker/engine/formats/peft.h"

namespace eida::engine {
namespace {

class BitFit : public Adapter {
 public:
  std::string artifact_kind() const override { return "adapter"; }
  Json settings() const override { return {{"type", "bitfit"}}; }

  Result<Weights> Init(const Base& base, uint64_t seed, const TrainingData&) const override {
    EIDA_ASSIGN_OR_RETURN(const Weights head, HeadAtStart(base, seed));
    Weights state;
    for (const Parameter& p : base.model->parameters()) {
      if (!p.buffer && p.name.ends_with(".bias") && head.count(p.name) == 0)
        state[peft::KeyOf(p.name)] = base.weights.at(p.name).clone();
    }
    for (const auto& [name, tensor] : head) state[peft::KeyOf(name)] = tensor;
    return state;
  }

  Status Attach(const Base& base, const Weights& state, Weights* over,
                SitePatches*) const override {
    size_t used = 0;
    three_factor::TakeWhole(base, state, over, &used);
    return OkStatus();
  }

  Result<Weights> Merge(const Base& base, const Weights& state) const override {
    Weights merged;
    size_t used = 0;
    three_factor::TakeWhole(base, state, &merged, &used);
    for (auto& [name, tensor] : merged) tensor = tensor.detach().to(base.device, at::kFloat);
    EIDA_RETURN_IF_ERROR(three_factor::AllUsed(state, used));
    return merged;
  }
};

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter_bitfit(const Json&) {
  return std::unique_ptr<Adapter>(new BitFit);
}

}  // namespace eida::engine
