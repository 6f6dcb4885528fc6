// LoRA as PEFT defines it: W x + s B A dropout(x), s = alpha / r, A uniform as kaiming with a =
// sqrt 5, B = 0. Beside the factors train the head, and modules and biases that the settings name.
#include "common/catalog/lora.h"

#include <torch/torch.h>

#include <cmath>

#include "common/base/rng.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/formats/peft.h"
#include "worker/engine/nn/low_rank.h"

namespace eida::engine {
namespace {

using catalog::LoraSite;

class Lora : public Adapter {
 public:
  explicit Lora(Json json)
      : json_(std::move(json)),
        dropout_(GetOr<double>(json_, "dropout", 0)),
        free_ranks_(GetOr<bool>(json_, "free_ranks", false)) {}
  std::string artifact_kind() const override { return "adapter"; }
  Json settings() const override { return json_; }

  Result<Weights> Init(const Base& base, uint64_t seed, const TrainingData&) const override {
    EIDA_ASSIGN_OR_RETURN(const std::vector<LoraSite> maps, Maps(base));
    if (const Status fits = catalog::CheckRanks(maps); !fits.ok())
      return ConfigError("adapter lora: " + Message(fits));
    EIDA_ASSIGN_OR_RETURN(Weights trainable, Whole(base, maps, seed));
    const auto options = at::TensorOptions().dtype(at::kFloat).device(base.device);
    for (const LoraSite& map : maps) {
      const SiteShape& site = map.site;
      if (site.in_head)
        return ConfigError("adapter lora: " + site.name +
                           " belongs to the new head, which trains whole; leave it out of targets");
      at::Tensor a = at::empty({map.r, site.in}, at::kFloat);
      Rng rng(seed, "lora/" + site.name);
      const double bound = 1.0 / std::sqrt(static_cast<double>(site.in));
      float* data = a.data_ptr<float>();
      for (int64_t i = 0; i < a.numel(); ++i)
        data[i] = static_cast<float>((2.0 * rng.Unit() - 1.0) * bound);
      trainable[peft::KeyA(site.name)] = a.to(base.device);
      trainable[peft::KeyB(site.name)] = at::zeros({site.out, map.r}, options);
    }
    return trainable;
  }

  Status Attach(const Base& base, const Weights& state, Weights* over,
                SitePatches* patches) const override {
    EIDA_ASSIGN_OR_RETURN(const std::vector<LoraSite> maps, Maps(base));
    for (const LoraSite& map : maps) {
      EIDA_ASSIGN_OR_RETURN(const Factors f, FactorsOf(state, map));
      if (!f.a.defined()) continue;
      (*patches)[map.site.module].push_back(
          std::make_shared<LowRankPatch>(map.site, f.a, f.b, map.scale, dropout_));
    }
    for (const Parameter& p : base.model->parameters()) {
      const auto found = state.find(peft::KeyOf(p.name));
      if (found != state.end()) (*over)[p.name] = found->second;
    }
    return OkStatus();
  }

  Result<LowRank> AsLowRank(const Base& base, const Weights& state) const override {
    EIDA_ASSIGN_OR_RETURN(const std::vector<LoraSite> maps, Maps(base));
    LowRank parts;
    for (const LoraSite& map : maps) {
      EIDA_ASSIGN_OR_RETURN(const Factors f, FactorsOf(state, map));
      if (f.a.defined()) parts.maps.push_back({map.site, f.a, f.b, map.scale});
    }
    for (const Parameter& p : base.model->parameters()) {
      const auto found = state.find(peft::KeyOf(p.name));
      if (found != state.end()) parts.whole[p.name] = found->second;
    }
    return parts;
  }

  Result<Weights> Merge(const Base& base, const Weights& state) const override {
    EIDA_ASSIGN_OR_RETURN(const LowRank update, AsLowRank(base, state));
    for (const Parameter& p : base.model->parameters()) {
      const auto found = update.whole.find(p.name);
      if (found != update.whole.end() && found->second.sizes() != at::IntArrayRef(p.shape))
        return ConfigError("adapter weights of " + p.name + " do not fit the base model");
    }
    const size_t used = 2 * update.maps.size() + update.whole.size();
    if (used != state.size()) {
      return ConfigError(
          "the adapter has " + std::to_string(state.size() - used) +
          " tensors that name no module of the base model: it was trained on another model");
    }
    return MergeLowRank(base, update);
  }

 private:
  struct Factors {
    at::Tensor a, b;
  };

  Result<std::vector<LoraSite>> Maps(const Base& base) const {
    auto maps = catalog::LoraSites(base.model->sites(), json_);
    if (!maps.ok()) return ConfigError("adapter lora: " + Message(maps.status()));
    return maps;
  }

  // The factors of a map; undefined where a state of free ranks has none.
  Result<Factors> FactorsOf(const Weights& state, const LoraSite& map) const {
    const auto a = state.find(peft::KeyA(map.site.name)), b = state.find(peft::KeyB(map.site.name));
    if (free_ranks_ && a == state.end() && b == state.end()) return Factors();
    if (a == state.end() || b == state.end())
      return ConfigError("the adapter has no weights of " + map.site.name +
                         ", which its settings name: it was trained on another model");
    const int64_t r = free_ranks_ && a->second.dim() == 2 ? a->second.size(0) : map.r;
    const std::vector<int64_t> shape_a = {r, map.site.in}, shape_b = {map.site.out, r};
    if (a->second.sizes() != at::IntArrayRef(shape_a) ||
        b->second.sizes() != at::IntArrayRef(shape_b))
      return ConfigError("adapter weights of " + map.site.name + " do not fit the base model");
    return Factors{a->second, b->second};
  }

  // The parameters that train whole, at the start.
  Result<Weights> Whole(const Base& base, const std::vector<LoraSite>& maps, uint64_t seed) const {
    EIDA_ASSIGN_OR_RETURN(const Weights head, HeadAtStart(base, seed));
    std::vector<catalog::ParameterName> names;
    for (const Parameter& p : base.model->parameters()) {
      if (!p.buffer) names.push_back({p.name, base.model->IsHead(p.name)});
    }
    const auto whole = catalog::WholeParameters(names, json_, maps);
    if (!whole.ok()) return ConfigError("adapter lora: " + Message(whole.status()));
    Weights trainable;
    for (const catalog::ParameterName& p : *whole) {
      if (!p.in_head && IsTiedTable(base, p.name))
        return ConfigError("adapter lora: modules_to_save names " + p.name +
                           ", which is the token table and the last projection in one; adapter "
                           "none trains it");
      trainable[peft::KeyOf(p.name)] =
          p.in_head ? head.at(p.name) : base.weights.at(p.name).clone();
    }
    for (const auto& [name, tensor] : head) {
      if (trainable.count(peft::KeyOf(name)) == 0 && base.weights.count(name) == 0)
        return ConfigError("adapter lora: train_head is false, but the base model has no " + name +
                           ", which would stay at random values");
    }
    return trainable;
  }

  Json json_;
  double dropout_;
  bool free_ranks_;  // a map's rank is that of its factors, and it may have none (EVA)
};

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter_lora(const Json& json) {
  const std::string where = "adapter lora";
  EIDA_ASSIGN_OR_RETURN(const auto r, Require<int64_t>(json, "r", where));
  const auto dropout = GetOr<double>(json, "dropout", 0);
  const auto bias = GetOr<std::string>(json, "bias", "none");
  if (r < 1) return ConfigError(where + ": r is below 1");
  if (json.contains("scale") && json.contains("alpha"))
    return ConfigError(where + ": both scale and alpha are given");
  for (const char* key : {"alpha", "scale"}) {
    if (!(GetOr<double>(json, key, 1) > 0))
      return ConfigError(where + ": " + key + " is not positive");
  }
  if (!(dropout >= 0 && dropout < 1)) return ConfigError(where + ": dropout lies outside [0, 1)");
  if (GetOr<std::vector<std::string>>(json, "targets", {"query", "value"}).empty())
    return ConfigError(where + ": targets is empty");
  if (bias != "none" && bias != "all" && bias != "lora_only")
    return ConfigError(where + ": bias is \"" + bias + "\", not none, all or lora_only");
  return std::unique_ptr<Adapter>(new Lora(json));
}

}  // namespace eida::engine
