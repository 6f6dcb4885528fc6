// EVA: LoRA whose A starts as the leading principal components of the map's inputs, and whose ranks
// follow the variance that those explain: sites x r directions are given to the largest shares of
// all sites, at most r * rho to one. B = 0; the scale stays alpha / r whatever a site's rank is
// (SCIENCE 3.7; PEFT's eva, with every token in the sample). The result is an ordinary LoRA.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/base/rng.h"
#include "common/catalog/eida_dims.h"
#include "worker/engine/adapters/bases.h"
#include "worker/engine/adapters/observe.h"
#include "worker/engine/formats/peft.h"

namespace eida::engine {
namespace {

// Passes over the training data after which components that still turn are an error.
constexpr int64_t kEvaPasses = 50;

struct EvaSettings {
  int64_t r = 0;
  double rho = 2, tau = 0.99;
  std::vector<std::string> targets;
  int64_t components() const { return std::llround(static_cast<double>(r) * rho); }
};

// The inputs of one or several maps, while their components are sought.
struct EvaInput {
  std::string module;  // of one of the maps
  bases::IncrementalPca pca;
  int64_t settled = 0;  // components that turned by less than tau allows in the last step
  bool done = false;
};
using EvaInputs = std::map<std::string, EvaInput>;

// How many directions each site gets, of `budget` in all.
std::vector<int64_t> Ranks(const std::vector<SiteShape>& sites, const EvaInputs& inputs,
                           int64_t budget) {
  std::vector<std::pair<double, size_t>> shares;
  for (size_t i = 0; i < sites.size(); ++i) {
    const at::Tensor ratio = inputs.at(catalog::InputOf(sites[i])).pca.explained_variance_ratio();
    for (int64_t k = 0; k < ratio.size(0); ++k) shares.emplace_back(ratio[k].item<double>(), i);
  }
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<int64_t> ranks(sites.size(), 0);
  for (size_t k = 0; k < shares.size() && k < static_cast<size_t>(budget); ++k)
    ++ranks[shares[k].second];
  return ranks;
}

class Eva : public Adapter {
 public:
  Eva(EvaSettings settings, std::unique_ptr<Adapter> lora)
      : s_(std::move(settings)), lora_(std::move(lora)) {}
  std::string artifact_kind() const override { return lora_->artifact_kind(); }
  Json settings() const override { return lora_->settings(); }
  Status Attach(const Base& base, const Weights& state, Weights* over,
                SitePatches* patches) const override {
    return lora_->Attach(base, state, over, patches);
  }
  Result<Weights> Merge(const Base& base, const Weights& state) const override {
    return lora_->Merge(base, state);
  }
  Result<LowRank> AsLowRank(const Base& base, const Weights& state) const override {
    return lora_->AsLowRank(base, state);
  }

  Result<Weights> Init(const Base& base, uint64_t seed, const TrainingData& data) const override {
    EIDA_ASSIGN_OR_RETURN(const std::vector<SiteShape> sites,
                          catalog::TargetSites(base.model->sites(), s_.targets));
    EIDA_ASSIGN_OR_RETURN(const Weights head, HeadAtStart(base, seed));
    EvaInputs inputs;
    for (const SiteShape& site : sites) {
      if (site.in_head)
        return ConfigError("adapter eva: " + site.name +
                           " belongs to the new head, which trains whole; leave it out of targets");
      if (s_.components() > site.in)
        return ConfigError("adapter eva: r * rho is " + std::to_string(s_.components()) + ", " +
                           site.name + " reads only " + std::to_string(site.in) + " numbers");
      inputs.emplace(catalog::InputOf(site),
                     EvaInput{site.module, bases::IncrementalPca(s_.components())});
    }
    EIDA_ASSIGN_OR_RETURN(const std::vector<int64_t> ranks,
                          Settle(base, seed, data, sites, inputs));
    Weights state;
    for (size_t i = 0; i < sites.size(); ++i) {
      if (ranks[i] == 0) continue;
      const at::Tensor components = inputs.at(catalog::InputOf(sites[i])).pca.components();
      state[peft::KeyA(sites[i].name)] =
          components.narrow(0, 0, ranks[i]).to(base.device, at::kFloat).clone();
      state[peft::KeyB(sites[i].name)] =
          at::zeros({sites[i].out, ranks[i]}, at::TensorOptions().device(base.device));
    }
    for (const auto& [name, tensor] : head) state[peft::KeyOf(name)] = tensor;
    return state;
  }

 private:
  // Shows the inputs batch after batch until every component that gets a rank stays where it is;
  // gives the ranks.
  Result<std::vector<int64_t>> Settle(const Base& base, uint64_t seed, const TrainingData& data,
                                      const std::vector<SiteShape>& sites,
                                      EvaInputs& inputs) const {
    const std::vector<int64_t> items =
        observe::DrawItems(data, 0, data.train.size(), Rng(seed, "eva/items"));
    std::vector<int64_t> ranks(sites.size(), s_.components());
    const int64_t budget = s_.r * static_cast<int64_t>(sites.size());
    for (int64_t pass = 0; pass < kEvaPasses; ++pass) {
      for (size_t at = 0; at < items.size(); at += static_cast<size_t>(data.batch_size)) {
        if (Done(sites, ranks, inputs)) return ranks;
        const size_t end = std::min(items.size(), at + static_cast<size_t>(data.batch_size));
        Show(base, data,
             {items.begin() + static_cast<int64_t>(at), items.begin() + static_cast<int64_t>(end)},
             inputs);
        const bool all_there = std::all_of(inputs.begin(), inputs.end(), [](const auto& input) {
          return input.second.pca.components().defined();
        });
        if (all_there) ranks = Ranks(sites, inputs, budget);
      }
    }
    if (Done(sites, ranks, inputs)) return ranks;
    const auto turning = std::find_if(inputs.begin(), inputs.end(),
                                      [](const auto& input) { return !input.second.done; });
    return ConfigError("adapter eva: after " + std::to_string(kEvaPasses) +
                       " passes over the training items the components of " + turning->first +
                       " still turn from batch to batch; lower tau or rho, or take larger batches");
  }

  // Which inputs need no further batch, by the ranks as they are now.
  bool Done(const std::vector<SiteShape>& sites, const std::vector<int64_t>& ranks,
            EvaInputs& inputs) const {
    std::map<std::string, int64_t> wanted;
    for (size_t i = 0; i < sites.size(); ++i) {
      int64_t& rank = wanted[catalog::InputOf(sites[i])];
      rank = std::max(rank, ranks[i]);
    }
    bool all = true;
    for (auto& [name, input] : inputs) {
      input.done = input.pca.components().defined() && input.settled >= wanted.at(name);
      all = all && input.done;
    }
    return all;
  }

  // One batch, up to the last layer, all tokens of it.
  void Show(const Base& base, const TrainingData& data, const std::vector<int64_t>& items,
            EvaInputs& inputs) const {
    const at::NoGradGuard no_grad;
    std::map<std::string, EvaInput*> waiting;
    for (auto& [name, input] : inputs) {
      if (!input.done) waiting[input.module] = &input;
    }
    Context context(data.compute);
    context.SetFrozen(&base.weights, &base.casts);
    context.Probe({data.model.layers().back()}, [](const std::string&, const at::Tensor&) {});
    context.AddObserver([&](const Site& site, const at::Tensor& x, const at::Tensor&) {
      const auto found = waiting.find(site.name);
      if (found == waiting.end() || x.size(0) < s_.components()) return;
      EvaInput& input = *found->second;
      const at::Tensor before = input.pca.components();
      input.pca.Add(x);
      if (before.defined()) input.settled = Settled(before, input.pca.components());
    });
    Pass(data.model, {nullptr, &base.weights}, MakeBatch(data.train, items, base.device), context);
  }

  int64_t Settled(const at::Tensor& before, const at::Tensor& after) const {
    const at::Tensor still = at::ge((before * after).sum(1), s_.tau);
    int64_t count = 0;
    while (count < still.size(0) && still[count].item<bool>()) ++count;
    return count;
  }

  EvaSettings s_;
  std::unique_ptr<Adapter> lora_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter_eva(const Json& json) {
  EvaSettings s;
  const std::string where = "adapter eva";
  EIDA_ASSIGN_OR_RETURN(s.r, Require<int64_t>(json, "r", where));
  s.rho = GetOr<double>(json, "rho", 2);
  s.tau = GetOr<double>(json, "tau", 0.99);
  s.targets = GetOr<std::vector<std::string>>(json, "targets", {"query", "value"});
  if (!(s.rho >= 1)) return ConfigError(where + ": rho is below 1");
  if (!(s.tau > 0 && s.tau < 1)) return ConfigError(where + ": tau lies outside (0, 1)");
  Json lora = json;
  lora["type"] = "lora";
  lora["free_ranks"] = true;
  for (const char* own : {"rho", "tau"}) lora.erase(own);
  auto made = MakeAdapter(lora);
  if (!made.ok()) return Annotate(made.status(), where);
  return std::unique_ptr<Adapter>(new Eva(std::move(s), std::move(*made)));
}

}  // namespace eida::engine
