// EIDA: W + C^T B A with A an orthonormal basis of the site's inputs, C one of the directions in
// which a gradient step would move its outputs; B = 0 at the start is all that trains beside the
// head's last projection (SCIENCE 2.1). Each epoch is a cycle: the last one's update stays as
// fixed factors, and A, C and B are made anew for the model as it is then.
// State: <input>.eida_A.weight [k, in], <site>.eida_C.weight [l, out], <site>.eida_B.weight [l, k];
// of finished cycles the same with the cycle's number, eida_B.0.weight. A map of the head that is a
// target is not trained whole: its start is kept as <site>.base_layer.weight and .bias.
#include <torch/torch.h>

#include <algorithm>

#include "common/catalog/eida_dims.h"
#include "worker/engine/adapters/bases.h"
#include "worker/engine/adapters/observe.h"
#include "worker/engine/adapters/three_factor.h"
#include "worker/engine/formats/peft.h"

namespace eida::engine {
namespace {

using catalog::EidaDims;
using catalog::InputOf;
using three_factor::Factors;
using three_factor::Find;

struct EidaSettings {
  std::vector<std::string> targets;
  int64_t sequences = 256, sample_batch = 16;
  observe::Draw draw;
  double threshold = 0.03;
  bool train_embeddings = false, train_head = true;
};

// `cycle` below 0: the one in progress.
std::string EidaKey(const std::string& at, char factor, int64_t cycle = -1) {
  return peft::KeyOf(at) + ".eida_" + factor + (cycle < 0 ? "" : "." + std::to_string(cycle)) +
         ".weight";
}

std::string KeptKey(const SiteShape& site, const char* tensor) {
  return peft::KeyOf(site.module) + ".base_layer." + tensor;
}

Factors FactorsOf(const Weights& state, const SiteShape& site, int64_t cycle = -1) {
  const at::Tensor c = Find(state, EidaKey(site.name, 'C', cycle));
  return {Find(state, EidaKey(InputOf(site), 'A', cycle)),
          Find(state, EidaKey(site.name, 'B', cycle)), c.defined() ? c.t() : c};
}

class Eida : public Adapter {
 public:
  Eida(EidaSettings settings, Json json) : s_(std::move(settings)), json_(std::move(json)) {}
  std::string artifact_kind() const override { return "adapter"; }
  Json settings() const override { return json_; }
  bool refreshes() const override { return true; }

  bool Trains(const std::string& name) const override {
    if (name.find(".base_layer.") != std::string::npos) return false;
    if (name.find(".eida_") == std::string::npos) return true;
    const std::string end = ".eida_B.weight";
    return name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  }

  Result<Weights> Init(const Base& base, uint64_t seed, const TrainingData& data) const override {
    EIDA_ASSIGN_OR_RETURN(const std::vector<SiteShape> sites,
                          catalog::TargetSites(base.model->sites(), s_.targets));
    EIDA_ASSIGN_OR_RETURN(const Weights head, HeadAtStart(base, seed));
    std::vector<EidaDims> dims;
    if (catalog::EidaChoices(json_).empty()) {
      EIDA_ASSIGN_OR_RETURN(dims, catalog::FixedEidaDims(json_, sites));
    }
    Weights state;
    for (const auto& [name, tensor] : head) {
      if (s_.train_head) state[peft::KeyOf(name)] = tensor;
      if (!s_.train_head && base.weights.count(name) == 0)
        return ConfigError("adapter eida: train_head is false, but the base model has no " + name +
                           ", which would stay at random values");
    }
    for (const SiteShape& site : sites) {
      if (!site.in_head) continue;
      for (const char* tensor : {"weight", "bias"}) {
        const auto found = head.find(site.module + "." + tensor);
        if (found == head.end()) continue;
        state[KeptKey(site, tensor)] = found->second;
        state.erase(peft::KeyOf(found->first));
      }
    }
    if (s_.train_embeddings) {
      if (GetOr<std::string>(base.config, "model_type", "") != "gpt2")
        return ConfigError(
            "adapter eida: freeze code is what the published code did with GPT-2; use freeze doc");
      AddUnmapped(base, &state);
    }
    EIDA_RETURN_IF_ERROR(MakeCycle(base, head, sites, dims, seed, 0, data, &state));
    return state;
  }

  Result<Weights> Refresh(const Base& base, const Weights& before, uint64_t seed, int64_t cycle,
                          const TrainingData& data) const override {
    EIDA_ASSIGN_OR_RETURN(const std::vector<SiteShape> sites,
                          catalog::TargetSites(base.model->sites(), s_.targets));
    EIDA_ASSIGN_OR_RETURN(const Weights now, Merge(base, before));
    std::vector<EidaDims> dims;
    for (const SiteShape& site : sites) {
      const at::Tensor b = Find(before, EidaKey(site.name, 'B'));
      if (!b.defined()) return ConfigError("adapter eida: the state has nothing of " + site.name);
      dims.push_back({b.size(1), b.size(0)});
    }
    Weights state;
    for (const auto& [name, tensor] : before) {
      const size_t at = name.find(".eida_"), end = name.rfind(".weight");
      const bool current = at != std::string::npos && end == at + 7;  // ".eida_B"
      state[current ? name.substr(0, end) + "." + std::to_string(cycle - 1) + ".weight" : name] =
          tensor.detach().clone();
    }
    EIDA_RETURN_IF_ERROR(MakeCycle(base, now, sites, dims, seed, cycle, data, &state));
    return state;
  }

  Status Attach(const Base& base, const Weights& state, Weights* over,
                SitePatches* patches) const override {
    size_t used = 0;
    EIDA_RETURN_IF_ERROR(Finished(base, state, over, &used));
    for (const SiteShape& site : base.model->sites()) {
      const Factors f = FactorsOf(state, site);
      if (f.middle.defined()) (*patches)[site.module].push_back(three_factor::Patch(site, f, 1.0));
    }
    return OkStatus();
  }

  Result<Weights> Merge(const Base& base, const Weights& state) const override {
    Weights merged;
    size_t used = 0;
    EIDA_RETURN_IF_ERROR(Finished(base, state, &merged, &used));
    for (auto& [name, tensor] : merged) tensor = tensor.detach().to(base.device, at::kFloat);
    for (const SiteShape& site : base.model->sites()) {
      const Factors f = FactorsOf(state, site);
      if (!f.middle.defined() && !f.out.defined()) continue;
      at::Tensor& stored = merged[site.weight()];
      stored = (stored.defined() ? stored : base.weights.at(site.weight())).clone();
      // The copy's parts are added one after another; a clone per part costs little.
      EIDA_RETURN_IF_ERROR(three_factor::AddTo(stored, site, f, 1.0));
      used += 2;
    }
    for (const auto& [name, tensor] : state) used += name.find(".eida_A.") != std::string::npos;
    EIDA_RETURN_IF_ERROR(three_factor::AllUsed(state, used));
    return merged;
  }

  // Every cycle's factors one after another: A and C^T B, or B A and C^T where that has the lower
  // rank; parts of a fused map keep the A that they share. The head's maps are merged, as PEFT has
  // the head whole.
  Result<LowRank> AsLowRank(const Base& base, const Weights& state) const override {
    EIDA_ASSIGN_OR_RETURN(const Weights merged, Merge(base, state));
    LowRank parts;
    size_t used = 0;
    three_factor::TakeWhole(base, state, &parts.whole, &used);
    for (const SiteShape& site : base.model->sites()) {
      std::vector<at::Tensor> a, b;
      const auto add = [&](const Factors& f) {
        const bool inputs = !site.whole() || f.middle.size(1) <= f.middle.size(0);
        a.push_back(inputs ? f.in : f.middle.matmul(f.in));
        b.push_back(inputs ? f.out.matmul(f.middle) : f.out);
      };
      for (int64_t cycle = 0;; ++cycle) {
        const Factors f = FactorsOf(state, site, cycle);
        if (!f.middle.defined()) break;
        add(f);
      }
      if (const Factors f = FactorsOf(state, site); f.middle.defined()) add(f);
      if (a.empty()) continue;
      if (!site.in_head) {
        parts.maps.push_back({site, at::cat(a, 0), at::cat(b, 1), 1.0});
        continue;
      }
      for (const std::string& name : {site.weight(), site.bias()}) {
        const auto found = merged.find(name);
        if (found != merged.end()) parts.whole[name] = found->second;
      }
    }
    return parts;
  }

 private:
  // Base tensors with what is whole in the state and the finished cycles in, in their order.
  // Counts what it used but the A's.
  Status Finished(const Base& base, const Weights& state, Weights* into, size_t* used) const {
    three_factor::TakeWhole(base, state, into, used);
    for (const SiteShape& site : base.model->sites()) {
      if (!site.in_head) continue;
      for (const char* tensor : {"weight", "bias"}) {
        const at::Tensor kept = Find(state, KeptKey(site, tensor));
        if (!kept.defined()) continue;
        (*into)[site.module + "." + tensor] = kept;
        ++*used;
      }
    }
    std::map<std::string, bool> own;  // weights that are copies already
    for (const SiteShape& site : base.model->sites()) {
      for (int64_t cycle = 0;; ++cycle) {
        const Factors f = FactorsOf(state, site, cycle);
        if (!f.middle.defined() && !f.out.defined()) break;
        at::Tensor& stored = (*into)[site.weight()];
        if (!stored.defined()) stored = base.weights.at(site.weight());
        if (!own[site.weight()]) stored = stored.detach().clone();
        own[site.weight()] = true;
        EIDA_RETURN_IF_ERROR(three_factor::AddTo(stored, site, f, 1.0));
        *used += 2;
      }
    }
    return OkStatus();
  }

  // Embeddings and norms, which belong to no linear map.
  static void AddUnmapped(const Base& base, Weights* state) {
    for (const Parameter& p : base.model->parameters()) {
      const bool mapped = std::any_of(
          base.model->sites().begin(), base.model->sites().end(),
          [&](const SiteShape& site) { return p.name == site.weight() || p.name == site.bias(); });
      if (!mapped && !p.buffer) (*state)[peft::KeyOf(p.name)] = base.weights.at(p.name).clone();
    }
  }

  // Puts A, C and B = 0 of a cycle into the state. `now`: what differs from the base at its start.
  // `dims` empty: by the cosine rule.
  Status MakeCycle(const Base& base, const Weights& now, const std::vector<SiteShape>& sites,
                   std::vector<EidaDims> dims, uint64_t seed, int64_t cycle,
                   const TrainingData& data, Weights* state) const {
    const std::string stream = "eida/" + std::to_string(cycle);
    const auto sample = [&](int64_t skip, const std::string& name) {
      return observe::Sample(base, now, data,
                             observe::DrawItems(data, skip, s_.sequences, Rng(seed, stream)),
                             s_.sample_batch, sites, s_.draw, seed, stream + "/" + name);
    };
    EIDA_ASSIGN_OR_RETURN(const observe::Samples drawn, sample(0, "sample"));
    if (dims.empty()) {
      EIDA_ASSIGN_OR_RETURN(const observe::Samples held, sample(s_.sequences, "held"));
      EIDA_ASSIGN_OR_RETURN(dims, DimsByCosine(sites, drawn, held));
    }
    std::map<std::string, int64_t> widths;
    for (size_t i = 0; i < sites.size(); ++i) {
      int64_t& width = widths[InputOf(sites[i])];
      width = std::max(width, dims[i].input);
    }
    for (const auto& [input, width] : widths) {
      EIDA_ASSIGN_OR_RETURN(
          const at::Tensor a,
          bases::MeanFirst(drawn.inputs.at(input), width, "adapter eida: the inputs of " + input));
      (*state)[EidaKey(input, 'A')] = a.to(base.device);
    }
    for (size_t i = 0; i < sites.size(); ++i) {
      const std::string& name = sites[i].name;
      EIDA_ASSIGN_OR_RETURN(const at::Tensor c,
                            bases::MeanFirst(drawn.updates.at(name), dims[i].output,
                                             "adapter eida: the updates of " + name));
      (*state)[EidaKey(name, 'C')] = c.to(base.device);
      (*state)[EidaKey(name, 'B')] = at::zeros({dims[i].output, widths.at(InputOf(sites[i]))},
                                               at::TensorOptions().device(base.device));
    }
    return OkStatus();
  }

  // The large choice where it raises the mean cosine on held-out tokens by the threshold.
  Result<std::vector<EidaDims>> DimsByCosine(const std::vector<SiteShape>& sites,
                                             const observe::Samples& drawn,
                                             const observe::Samples& held) const {
    const std::vector<int64_t> choices = catalog::EidaChoices(json_);
    const auto choose = [&](const at::Tensor& fit, const at::Tensor& other,
                            const std::string& what) -> Result<int64_t> {
      if (!other.defined() || other.size(0) == 0)
        return ConfigError(what +
                           ": no training sequences are left to hold out; lower sequences, or "
                           "give dims a number");
      EIDA_ASSIGN_OR_RETURN(const at::Tensor basis, bases::MeanFirst(fit, choices[1], what));
      const double gain =
          bases::MeanCosine(other, basis, choices[1]) - bases::MeanCosine(other, basis, choices[0]);
      return choices[gain >= s_.threshold ? 1 : 0];
    };
    const auto find = [](const std::map<std::string, at::Tensor>& in, const std::string& name) {
      const auto found = in.find(name);
      return found == in.end() ? at::Tensor() : found->second;
    };
    std::map<std::string, int64_t> inputs;
    std::vector<EidaDims> dims;
    for (const SiteShape& site : sites) {
      const std::string input = InputOf(site);
      if (choices[1] > std::min(site.in, site.out))
        return ConfigError("adapter eida: " + site.name + " maps " + std::to_string(site.in) +
                           " to " + std::to_string(site.out) +
                           " numbers, fewer than dims_large: lower it");
      if (inputs.count(input) == 0) {
        EIDA_ASSIGN_OR_RETURN(inputs[input],
                              choose(drawn.inputs.at(input), find(held.inputs, input),
                                     "adapter eida: the inputs of " + input));
      }
      EidaDims own;
      own.input = inputs[input];
      EIDA_ASSIGN_OR_RETURN(own.output,
                            choose(drawn.updates.at(site.name), find(held.updates, site.name),
                                   "adapter eida: the updates of " + site.name));
      dims.push_back(own);
    }
    EIDA_RETURN_IF_ERROR(catalog::UseOwnDims(json_, sites, &dims));
    return dims;
  }

  EidaSettings s_;
  Json json_;
};

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter_eida(const Json& json) {
  EidaSettings s;
  const std::string where = "adapter eida";
  s.targets = GetOr<std::vector<std::string>>(json, "targets",
                                              {"query", "key", "value", "attn_out", "fc1", "fc2"});
  s.sequences = GetOr<int64_t>(json, "sequences", s.sequences);
  s.sample_batch = GetOr<int64_t>(json, "sample_batch", s.sample_batch);
  s.draw.tokens_per_sequence = GetOr<int64_t>(json, "tokens_per_sequence", 2);
  s.draw.token_probability = GetOr<double>(json, "token_probability", 0.0075);
  s.threshold = GetOr<double>(json, "threshold", s.threshold);
  const auto freeze = GetOr<std::string>(json, "freeze", "doc");
  s.train_embeddings = freeze == "code";
  s.train_head = GetOr<bool>(json, "train_head", true);
  if (s.targets.empty()) return ConfigError(where + ": targets is empty");
  if (s.sequences < 1 || s.sample_batch < 1 || s.draw.tokens_per_sequence < 1)
    return ConfigError(where + ": sequences, sample_batch and tokens_per_sequence are at least 1");
  if (!(s.draw.token_probability > 0 && s.draw.token_probability < 1))
    return ConfigError(where + ": token_probability lies outside (0, 1)");
  if (freeze != "doc" && freeze != "code")
    return ConfigError(where + ": freeze is \"" + freeze + "\", it is doc or code");
  const std::vector<int64_t> choices = catalog::EidaChoices(json);
  if (choices.empty()) {
    EIDA_RETURN_IF_ERROR(catalog::FixedEidaDims(json, {}).status());
  } else if (choices[0] < 1 || choices[1] <= choices[0]) {
    return ConfigError(where + ": dims_large is not above dims_small");
  }
  return std::unique_ptr<Adapter>(new Eida(s, json));
}

}  // namespace eida::engine
