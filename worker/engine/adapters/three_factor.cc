#include "worker/engine/adapters/three_factor.h"

#include <torch/torch.h>

#include <algorithm>

#include "worker/engine/formats/peft.h"
#include "worker/engine/nn/product.h"

namespace eida::engine::three_factor {
namespace {

class ThreeFactorPatch : public SitePatch {
 public:
  ThreeFactorPatch(SiteShape site, Factors factors, double scale)
      : site_(std::move(site)), f_(std::move(factors)), scale_(scale) {}

  at::Tensor Apply(Context& context, const Site&, const at::Tensor& x,
                   at::Tensor y) const override {
    const at::Tensor low = nn::Linear(x, context.Cast(f_.in), {}),
                     middle = nn::Linear(low, context.Cast(f_.middle), {}),
                     out = context.Cast(f_.out);
    if (site_.whole()) return nn::AddLinear(y, middle, out, scale_);
    y.narrow(1, site_.begin, site_.out).add_(nn::Linear(middle, out, {}), scale_);
    return y;
  }

 private:
  SiteShape site_;
  Factors f_;
  double scale_;
};

}  // namespace

std::shared_ptr<const SitePatch> Patch(SiteShape site, Factors factors, double scale) {
  return std::make_shared<ThreeFactorPatch>(std::move(site), std::move(factors), scale);
}

Status AddTo(const at::Tensor& stored, const SiteShape& site, const Factors& f, double scale) {
  const bool fits = f.in.defined() && f.middle.defined() && f.out.defined() && f.in.dim() == 2 &&
                    f.middle.dim() == 2 && f.out.dim() == 2 && f.in.size(1) == site.in &&
                    f.out.size(0) == site.out && f.middle.size(1) == f.in.size(0) &&
                    f.middle.size(0) == f.out.size(1);
  if (!fits) return ConfigError("adapter weights of " + site.name + " do not fit the base model");
  const at::NoGradGuard no_grad;
  const auto options = stored.options();
  WeightOf(stored, site)
      .addmm_(f.out.to(options).matmul(f.middle.to(options)), f.in.to(options), 1.0, scale);
  return OkStatus();
}

Status CheckRank(int64_t r, const SiteShape& site, const std::string& adapter) {
  if (r <= std::min(site.in, site.out)) return OkStatus();
  return ConfigError("adapter " + adapter + ": r is " + std::to_string(r) + ", " + site.name +
                     " maps only " + std::to_string(site.in) + " to " + std::to_string(site.out) +
                     " numbers");
}

at::Tensor Find(const Weights& state, const std::string& key) {
  const auto found = state.find(key);
  return found == state.end() ? at::Tensor() : found->second;
}

void TakeWhole(const Base& base, const Weights& state, Weights* into, size_t* used) {
  for (const Parameter& p : base.model->parameters()) {
    const at::Tensor tensor = Find(state, peft::KeyOf(p.name));
    if (!tensor.defined()) continue;
    (*into)[p.name] = tensor;
    ++*used;
  }
}

Status AllUsed(const Weights& state, size_t used) {
  if (used == state.size()) return OkStatus();
  return ConfigError("the adapter has " + std::to_string(state.size() - used) +
                     " tensors that name no module of the base model: it was trained on another "
                     "model");
}

Result<RankSettings> ReadRankSettings(const Json& json, const std::string& where) {
  RankSettings s;
  EIDA_ASSIGN_OR_RETURN(s.r, Require<int64_t>(json, "r", where));
  const auto alpha = GetOr<double>(json, "alpha", static_cast<double>(s.r));
  s.targets = GetOr<std::vector<std::string>>(json, "targets", {"query", "value"});
  if (s.r < 1) return ConfigError(where + ": r is below 1");
  if (!(alpha > 0)) return ConfigError(where + ": alpha is not positive");
  if (s.targets.empty()) return ConfigError(where + ": targets is empty");
  s.scale = alpha / static_cast<double>(s.r);
  return s;
}

std::string FixedBases::Key(const std::string& site, char factor) const {
  return peft::KeyOf(site) + "." + id_ + "_" + factor + ".weight";
}

Result<Weights> FixedBases::Init(const Base& base, uint64_t seed, const TrainingData& data) const {
  EIDA_ASSIGN_OR_RETURN(const std::vector<SiteShape> sites,
                        catalog::TargetSites(base.model->sites(), s_.targets));
  EIDA_ASSIGN_OR_RETURN(const Weights head, HeadAtStart(base, seed));
  for (const SiteShape& site : sites) {
    if (site.in_head)
      return ConfigError("adapter " + id_ + ": " + site.name +
                         " belongs to the new head, which trains whole; leave it out of targets");
  }
  EIDA_ASSIGN_OR_RETURN(const std::vector<Factors> factors, Start(base, seed, data, head, sites));
  Weights state;
  for (size_t i = 0; i < sites.size(); ++i) {
    state[Key(sites[i].name, 'A')] = factors[i].in.to(base.device);
    state[Key(sites[i].name, 'B')] = factors[i].out.to(base.device);
    state[Key(sites[i].name, 'R')] = factors[i].middle.to(base.device);
  }
  for (const auto& [name, tensor] : head) state[peft::KeyOf(name)] = tensor;
  return state;
}

bool FixedBases::Trains(const std::string& name) const {
  return name.find("." + id_ + "_A.") == std::string::npos &&
         name.find("." + id_ + "_B.") == std::string::npos;
}

Status FixedBases::Attach(const Base& base, const Weights& state, Weights* over,
                          SitePatches* patches) const {
  for (const SiteShape& site : base.model->sites()) {
    const Factors f = {Find(state, Key(site.name, 'A')), Find(state, Key(site.name, 'R')),
                       Find(state, Key(site.name, 'B'))};
    if (f.middle.defined()) (*patches)[site.module].push_back(Patch(site, f, s_.scale));
  }
  size_t used = 0;
  TakeWhole(base, state, over, &used);
  return OkStatus();
}

Result<Weights> FixedBases::Merge(const Base& base, const Weights& state) const {
  Weights merged;
  size_t used = 0;
  TakeWhole(base, state, &merged, &used);
  for (auto& [name, tensor] : merged) tensor = tensor.detach().to(base.device, at::kFloat);
  for (const SiteShape& site : base.model->sites()) {
    const Factors f = {Find(state, Key(site.name, 'A')), Find(state, Key(site.name, 'R')),
                       Find(state, Key(site.name, 'B'))};
    if (!f.in.defined() && !f.middle.defined() && !f.out.defined()) continue;
    at::Tensor& stored = merged[site.weight()];
    if (!stored.defined()) stored = base.weights.at(site.weight()).clone();
    EIDA_RETURN_IF_ERROR(AddTo(stored, site, f, s_.scale));
    used += 3;
  }
  EIDA_RETURN_IF_ERROR(AllUsed(state, used));
  return merged;
}

Result<LowRank> FixedBases::AsLowRank(const Base& base, const Weights& state) const {
  LowRank parts;
  for (const SiteShape& site : base.model->sites()) {
    const at::Tensor middle = Find(state, Key(site.name, 'R'));
    if (!middle.defined()) continue;
    parts.maps.push_back({site, Find(state, Key(site.name, 'A')),
                          Find(state, Key(site.name, 'B')).matmul(middle), s_.scale});
  }
  size_t used = 0;
  TakeWhole(base, state, &parts.whole, &used);
  return parts;
}

}  // namespace eida::engine::three_factor
