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
  LoraPatch(at::Tensor a, at::Tensor b, double scale, double dropout)
      : a_(std::move(a)), b_(std::move(b)), scale_(scale), dropout_(dropout) {}

  at::Tensor Apply(Context& context, const Site& site, const at::Tensor& x) const override {
    const at::Tensor base = context.Plain(site, x);
    const at::Tensor input = nn::DropoutSame(x, context.NextDropout(dropout_));
    const at::Tensor low = nn::Linear(input, context.Cast(a_), {});
    return nn::AddLinear(base, low, context.Cast(b_), scale_);
  }

 private:
  at::Tensor a_, b_;
  double scale_, dropout_;
};

class Lora : public Adapter {
 public:
  Lora(LoraSettings settings, Json json) : s_(std::move(settings)), json_(std::move(json)) {}
  std::string artifact_kind() const override { return "adapter"; }
  Json settings() const override { return json_; }

  Result<Weights> Init(const Base& base, uint64_t seed) const override {
    EIDA_ASSIGN_OR_RETURN(const std::vector<SiteName> sites, TargetSites(*base.model, s_.targets));
    Weights trainable;
    for (const SiteName& site : sites) {
      const at::Tensor& weight = base.weights.at(site.name + ".weight");
      const int64_t out = weight.size(0), in = weight.size(1);
      at::Tensor a = at::empty({s_.r, in}, at::kFloat);
      Rng rng(seed, "lora/" + site.name);
      const double bound = 1.0 / std::sqrt(static_cast<double>(in));
      float* data = a.data_ptr<float>();
      for (int64_t i = 0; i < a.numel(); ++i)
        data[i] = static_cast<float>((2.0 * rng.Unit() - 1.0) * bound);
      trainable[peft::KeyA(site.name)] = a.to(base.device);
      trainable[peft::KeyB(site.name)] = at::zeros({out, s_.r}, weight.options());
    }
    const Weights fresh = base.Fresh(seed);
    for (const Parameter& p : base.model->parameters()) {
      const auto found = fresh.find(p.name);
      if (!base.model->IsHead(p.name)) {
        if (found == fresh.end()) continue;
        return ConfigError("the base model lacks " + p.name +
                           ", which a LoRA run would leave at random values; use adapter none, "
                           "or a checkpoint that has it");
      }
      trainable[peft::KeyOf(p.name)] =
          found == fresh.end() ? base.weights.at(p.name).clone() : found->second;
    }
    return trainable;
  }

  void Attach(const Base& base, const Weights& trainable, Weights* over,
              SitePatches* patches) const override {
    for (const SiteName& site : base.model->sites()) {
      const auto a = trainable.find(peft::KeyA(site.name)),
                 b = trainable.find(peft::KeyB(site.name));
      if (a == trainable.end() || b == trainable.end()) continue;
      (*patches)[site.name] =
          std::make_shared<LoraPatch>(a->second, b->second, s_.scale(), s_.dropout);
    }
    for (const Parameter& p : base.model->parameters()) {
      const auto found = trainable.find(peft::KeyOf(p.name));
      if (found != trainable.end()) (*over)[p.name] = found->second;
    }
  }

  Result<Weights> Merge(const Base& base, const Weights& trained) const override {
    Weights merged;
    const at::NoGradGuard no_grad;
    size_t used = 0;
    for (const SiteName& site : base.model->sites()) {
      const auto a = trained.find(peft::KeyA(site.name)), b = trained.find(peft::KeyB(site.name));
      if (a == trained.end() && b == trained.end()) continue;
      const at::Tensor& weight = base.weights.at(site.name + ".weight");
      if (a == trained.end() || b == trained.end() || a->second.dim() != 2 ||
          b->second.dim() != 2 || a->second.size(1) != weight.size(1) ||
          b->second.size(0) != weight.size(0) || a->second.size(0) != b->second.size(1)) {
        return ConfigError("adapter weights of " + site.name + " do not fit the base model");
      }
      const auto fp32 = weight.options();
      merged[site.name + ".weight"] =
          at::addmm(weight, b->second.to(fp32), a->second.to(fp32), 1.0, s_.scale());
      used += 2;
    }
    for (const Parameter& p : base.model->parameters()) {
      const auto found = trained.find(peft::KeyOf(p.name));
      if (found == trained.end()) continue;
      merged[p.name] = found->second.detach().to(base.device, at::kFloat);
      ++used;
    }
    if (used != trained.size()) {
      return ConfigError(
          "the adapter has " + std::to_string(trained.size() - used) +
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
