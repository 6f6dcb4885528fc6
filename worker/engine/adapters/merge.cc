#include <torch/torch.h>

#include "worker/engine/adapters/adapter.h"

namespace eida::engine {

Result<Weights> MergeLowRank(const Base& base, const LowRank& update) {
  const at::NoGradGuard no_grad;
  Weights merged;
  for (const LowRankMap& map : update.maps) {
    const auto found = base.weights.find(map.site.weight());
    if (found == base.weights.end())
      return ConfigError("the base model has no tensor " + map.site.weight());
    at::Tensor& stored = merged[map.site.weight()];
    if (!stored.defined()) stored = found->second.clone();
    WeightOf(stored, map.site)
        .addmm_(map.b.to(stored.options()), map.a.to(stored.options()), 1.0, map.scale);
  }
  for (const auto& [name, tensor] : update.whole)
    merged[name] = tensor.detach().to(base.device, at::kFloat);
  return merged;
}

}  // namespace eida::engine
