// LoRA as PEFT defines it: W x + s B A dropout(x), s = alpha / r, A uniform as kaiming with a =
// sqrt 5, B = 0.
#include <torch/torch.h>

#include <cmath>

#include "common/base/rng.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/formats/peft.h"
#include "worker/engine/nn/functional.h"
#include "worker/engine/nn/product.h"

namespace eida::engine {
namespace {

struct LoraSettings {
  int64_t r = 0;
  double alpha = 0, dropout = 0;
  std::vector<std::string> targets;
  double scale() const { return alpha / static_cast<double>(r); }
};

class LoraPatch : public SitePatch {
 public:
  LoraPatch(SiteShape shape, at::Tensor a, at::Tensor b, double scale, double dropout)
      : shape_(std::move(shape)),
        a_(std::move(a)),
        b_(std::move(b)),
        scale_(scale),
        dropout_(dropout) {}

  at::Tensor Apply(Context& context, const Site&, const at::Tensor& x,
                   at::Tensor y) const override {
    const at::Tensor input = nn::DropoutSame(x, context.NextDropout(dropout_));
    const at::Tensor low = nn::Linear(input, context.Cast(a_), {});
    if (shape_.whole()) return nn::AddLinear(y, low, context.Cast(b_), scale_);
    y.narrow(1, shape_.begin, shape_.out).add_(nn::Linear(low, context.Cast(b_), {}), scale_);
    return y;
  }

 private:
  SiteShape shape_;
  at::Tensor a_, b_;
  double scale_, dropout_;
};

class Lora : public Adapter {
 public:
  Lora(LoraSettings settings, Json json) : s_(std::move(settings)), json_(std::move(json)) {}
  std::string artifact_kind() const override { return "adapter"; }
  Json settings() const override { return json_; }

  Result<Weights> Init(const Base& base, uint64_t seed, const TrainingData&) const override {
    EIDA_ASSIGN_OR_RETURN(const std::vector<SiteShape> sites,
                          catalog::TargetSites(base.model->sites(), s_.targets));
    EIDA_ASSIGN_OR_RETURN(const Weights head, HeadAtStart(base, seed));
    Weights trainable;
    const auto options = at::TensorOptions().dtype(at::kFloat).device(base.device);
    for (const SiteShape& site : sites) {
      if (site.in_head)
        return ConfigError("adapter lora: " + site.name +
                           " belongs to the new head, which trains whole; leave it out of targets");
      at::Tensor a = at::empty({s_.r, site.in}, at::kFloat);
      Rng rng(seed, "lora/" + site.name);
      const double bound = 1.0 / std::sqrt(static_cast<double>(site.in));
      float* data = a.data_ptr<float>();
      for (int64_t i = 0; i < a.numel(); ++i)
        data[i] = static_cast<float>((2.0 * rng.Unit() - 1.0) * bound);
      trainable[peft::KeyA(site.name)] = a.to(base.device);
      trainable[peft::KeyB(site.name)] = at::zeros({site.out, s_.r}, options);
    }
    for (const auto& [name, tensor] : head) trainable[peft::KeyOf(name)] = tensor;
    return trainable;
  }

  void Attach(const Base& base, const Weights& state, Weights* over,
              SitePatches* patches) const override {
    for (const SiteShape& site : base.model->sites()) {
      const auto a = state.find(peft::KeyA(site.name)), b = state.find(peft::KeyB(site.name));
      if (a == state.end() || b == state.end()) continue;
      (*patches)[site.module].push_back(
          std::make_shared<LoraPatch>(site, a->second, b->second, s_.scale(), s_.dropout));
    }
    for (const Parameter& p : base.model->parameters()) {
      const auto found = state.find(peft::KeyOf(p.name));
      if (found != state.end()) (*over)[p.name] = found->second;
    }
  }

  Result<Weights> Merge(const Base& base, const Weights& state) const override {
    Weights merged;
    const at::NoGradGuard no_grad;
    size_t used = 0;
    for (const SiteShape& site : base.model->sites()) {
      const auto a = state.find(peft::KeyA(site.name)), b = state.find(peft::KeyB(site.name));
      if (a == state.end() && b == state.end()) continue;
      if (a == state.end() || b == state.end() || a->second.dim() != 2 || b->second.dim() != 2 ||
          a->second.size(1) != site.in || b->second.size(0) != site.out ||
          a->second.size(0) != b->second.size(1)) {
        return ConfigError("adapter weights of " + site.name + " do not fit the base model");
      }
      at::Tensor& stored = merged[site.weight()];
      if (!stored.defined()) stored = base.weights.at(site.weight()).clone();
      WeightOf(stored, site)
          .addmm_(b->second.to(stored.options()), a->second.to(stored.options()), 1.0, s_.scale());
      used += 2;
    }
    for (const Parameter& p : base.model->parameters()) {
      const auto found = state.find(peft::KeyOf(p.name));
      if (found == state.end()) continue;
      merged[p.name] = found->second.detach().to(base.device, at::kFloat);
      ++used;
    }
    if (used != state.size()) {
      return ConfigError(
          "the adapter has " + std::to_string(state.size() - used) +
          " tensors that name no module of the base model: it was trained on another model");
    }
    return merged;
  }

 private:
  LoraSettings s_;
  Json json_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter_lora(const Json& json) {
  LoraSettings s;
  const std::string where = "adapter lora";
  EIDA_ASSIGN_OR_RETURN(s.r, Require<int64_t>(json, "r", where));
  s.alpha = GetOr<double>(json, "alpha", static_cast<double>(s.r));
  s.dropout = GetOr<double>(json, "dropout", 0);
  s.targets = GetOr<std::vector<std::string>>(json, "targets", {"query", "value"});
  if (s.r < 1) return ConfigError(where + ": r is below 1");
  if (!(s.alpha > 0)) return ConfigError(where + ": alpha is not positive");
  if (!(s.dropout >= 0 && s.dropout < 1))
    return ConfigError(where + ": dropout lies outside [0, 1)");
  if (s.targets.empty()) return ConfigError(where + ": targets is empty");
  if (GetOr<std::string>(json, "bias", "none") != "none")
    return ConfigError(where + ": bias is \"none\" in this version");
  return std::unique_ptr<Adapter>(new Lora(s, json));
}

}  // namespace eida::engine
