// LoRA-SB: W + s B R A with B and A the leading singular vectors of the first update that full
// fine-tuning would make, -lr sign(gradient), both fixed; R trains and starts at its singular
// values / s (SCIENCE 3.7). So the start is the base after the best rank-r part of that update, not
// the base.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "common/base/rng.h"
#include "worker/engine/adapters/bases.h"
#include "worker/engine/adapters/observe.h"
#include "worker/engine/adapters/three_factor.h"

namespace eida::engine {
namespace {

class LoraSb : public three_factor::FixedBases {
 public:
  LoraSb(three_factor::RankSettings settings, double sample_fraction, Json json)
      : FixedBases("lora_sb", std::move(settings), std::move(json)),
        sample_fraction_(sample_fraction) {}

 protected:
  Result<std::vector<three_factor::Factors>> Start(
      const Base& base, uint64_t seed, const TrainingData& data, const Weights& head,
      const std::vector<SiteShape>& sites) const override {
    for (const SiteShape& site : sites)
      EIDA_RETURN_IF_ERROR(three_factor::CheckRank(r(), site, id()));
    // The gradient of the sample's mean loss: batches weigh by their labels.
    const auto share = sample_fraction_ * static_cast<double>(data.train.size());
    const std::vector<int64_t> items = observe::DrawItems(
        data, 0, std::max<int64_t>(1, std::llround(share)), Rng(seed, "lora_sb/items"));
    std::vector<at::Tensor> gradients(sites.size());
    EIDA_RETURN_IF_ERROR(observe::EachBatch(
        base, head, data, items, data.batch_size, sites,
        [&](const Batch& batch, const observe::SeenByModule& seen) {
          const int64_t labels =
              data.model.generates() ? batch.targets.rows.numel() : batch.items();
          for (size_t i = 0; i < sites.size(); ++i) {
            const at::Tensor gradient = observe::GradientOf(seen.at(sites[i].module), sites[i]) *
                                        static_cast<double>(labels);
            gradients[i] = gradients[i].defined() ? gradients[i] + gradient : gradient;
          }
        }));
    std::vector<three_factor::Factors> factors;
    for (size_t i = 0; i < sites.size(); ++i) {
      const bases::Svd svd = bases::Leading(-data.first_lr * gradients[i].sign(), r());
      factors.push_back({svd.v, at::diag(svd.s / scale()), svd.u});
    }
    return factors;
  }

 private:
  double sample_fraction_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter_lora_sb(const Json& json) {
  const std::string where = "adapter lora_sb";
  EIDA_ASSIGN_OR_RETURN(three_factor::RankSettings settings,
                        three_factor::ReadRankSettings(json, where));
  const auto fraction = GetOr<double>(json, "sample_fraction", 0.001);
  if (!(fraction > 0 && fraction <= 1))
    return ConfigError(where + ": sample_fraction lies outside (0, 1]");
  return std::unique_ptr<Adapter>(new LoraSb(std::move(settings), fraction, json));
}

}  // namespace eida::engine
