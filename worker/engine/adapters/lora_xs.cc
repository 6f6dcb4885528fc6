// LoRA-XS: W + s U S R V^T with U S V^T the leading singular triples of W, both sides fixed, s =
// alpha / r; R from N(0, 1e-5^2) trains (SCIENCE 3.7). So the start is the base's function up to
// that noise.
#include <torch/torch.h>

#include <cmath>

#include "common/base/rng.h"
#include "worker/engine/adapters/bases.h"
#include "worker/engine/adapters/three_factor.h"

namespace eida::engine {
namespace {

constexpr double kLatentSpread = 1e-5;

class LoraXs : public three_factor::FixedBases {
 public:
  LoraXs(three_factor::RankSettings settings, Json json)
      : FixedBases("lora_xs", std::move(settings), std::move(json)) {}

 protected:
  Result<std::vector<three_factor::Factors>> Start(
      const Base& base, uint64_t seed, const TrainingData&, const Weights&,
      const std::vector<SiteShape>& sites) const override {
    std::vector<three_factor::Factors> factors;
    for (const SiteShape& site : sites) {
      EIDA_RETURN_IF_ERROR(three_factor::CheckRank(r(), site, id()));
      const bases::Svd svd = bases::Leading(WeightOf(base.weights.at(site.weight()), site), r());
      at::Tensor latent = at::empty({r(), r()}, at::kFloat);
      Rng rng(seed, "lora_xs/" + site.name);
      for (int64_t i = 0; i < latent.numel(); ++i) {  // Box and Muller, one of each pair
        const double radius = std::sqrt(-2.0 * std::log(1.0 - rng.Unit()));
        latent.data_ptr<float>()[i] =
            static_cast<float>(kLatentSpread * radius * std::cos(6.283185307179586 * rng.Unit()));
      }
      factors.push_back({svd.v, latent, svd.u * svd.s});
    }
    return factors;
  }
};

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter_lora_xs(const Json& json) {
  EIDA_ASSIGN_OR_RETURN(three_factor::RankSettings settings,
                        three_factor::ReadRankSettings(json, "adapter lora_xs"));
  return std::unique_ptr<Adapter>(new LoraXs(std::move(settings), json));
}

}  // namespace eida::engine
