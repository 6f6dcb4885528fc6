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
  LoraSb(int64_t r, double sample_fraction, std::vector<std::string> targets, double scale,
         Json json)
      : FixedBases("lora_sb", std::move(targets), scale, std::move(json)),
        r_(r),
        sample_fraction_(sample_fraction) {}

 protected:
  Result<std::vector<three_factor::Factors>> Start(
      const Base& base, uint64_t seed, const TrainingData& data, const Weights& head,
      const std::vector<SiteShape>& sites) const override {
    for (const SiteShape& site : sites)
      EIDA_RETURN_IF_ERROR(three_factor::CheckRank(r_, site, id()));
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
      const bases::Svd svd = bases::Leading(-data.first_lr * gradients[i].sign(), r_);
      factors.push_back({svd.v, at::diag(svd.s / scale()), svd.u});
    }
    return factors;
  }

 private:
  int64_t r_;
  double sample_fraction_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter_lora_sb(const Json& json) {
  const std::string where = "adapter lora_sb";
  EIDA_ASSIGN_OR_RETURN(const int64_t r, Require<int64_t>(json, "r", where));
  const auto alpha = GetOr<double>(json, "alpha", static_cast<double>(r));
  const auto fraction = GetOr<double>(json, "sample_fraction", 0.001);
  const auto targets = GetOr<std::vector<std::string>>(json, "targets", {"query", "value"});
  if (r < 1) return ConfigError(where + ": r is below 1");
  if (!(alpha > 0)) return ConfigError(where + ": alpha is not positive");
  if (!(fraction > 0 && fraction <= 1))
    return ConfigError(where + ": sample_fraction lies outside (0, 1]");
  if (targets.empty()) return ConfigError(where + ": targets is empty");
  return std::unique_ptr<Adapter>(
      new LoraSb(r, fraction, targets, alpha / static_cast<double>(r), json));
}

}  // namespace eida::engine
