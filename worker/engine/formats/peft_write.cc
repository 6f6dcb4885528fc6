#include "worker/engine/formats/peft_write.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "worker/engine/formats/peft.h"

namespace eida::engine::peft {
namespace {

// A module on which PEFT puts one pair of factors.
struct FactoredModule {
  SiteShape site;  // the whole of it
  at::Tensor a, b;
  double scale = 1;
  int64_t r() const { return a.size(0); }
};

std::string LastPart(const std::string& module) { return module.substr(module.rfind('.') + 1); }
std::string ModuleOfParameter(const std::string& name) { return name.substr(0, name.rfind('.')); }
bool IsBiasOf(const Parameter& p) { return LastPart(p.name) == "bias"; }

// alpha of a scale, s r or s sqrt r: the shortest number whose scale it is.
Json AlphaOf(double scale, int64_t r, bool rooted) {
  const auto rank = static_cast<double>(r);
  const double divisor = rooted ? std::sqrt(rank) : rank, alpha = scale * divisor;
  if (std::nearbyint(alpha) / divisor == scale) return static_cast<int64_t>(std::nearbyint(alpha));
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", alpha);
  const double rounded = std::strtod(text, nullptr);
  return rounded / divisor == scale ? rounded : alpha;
}

// One pair for the parts of a fused map: A's one below the other (equal ones once, which query, key
// and value of EIDA are), B with each part's rows at its outputs.
FactoredModule Stack(const SiteShape& whole, const std::vector<const LowRankMap*>& parts) {
  FactoredModule module{whole, {}, {}, parts.front()->scale};
  std::vector<at::Tensor> blocks;
  std::vector<int64_t> begins;
  int64_t rank = 0;
  std::vector<int64_t> at(parts.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto same = std::find_if(blocks.begin(), blocks.end(),
                                   [&](const at::Tensor& a) { return at::equal(a, parts[i]->a); });
    if (same != blocks.end()) {
      at[i] = begins[static_cast<size_t>(same - blocks.begin())];
      continue;
    }
    blocks.push_back(parts[i]->a);
    begins.push_back(at[i] = rank);
    rank += parts[i]->a.size(0);
  }
  module.a = at::cat(blocks, 0);
  module.b = at::zeros({whole.out, rank}, module.a.options());
  for (size_t i = 0; i < parts.size(); ++i) {
    const LowRankMap& part = *parts[i];
    module.b.narrow(0, part.site.begin, part.site.out)
        .narrow(1, at[i], part.a.size(0))
        .copy_(part.scale == module.scale ? part.b : part.b * (part.scale / module.scale));
  }
  return module;
}

std::vector<FactoredModule> ModulesOf(const Model& model, const std::vector<LowRankMap>& maps) {
  std::vector<FactoredModule> modules;
  for (const SiteShape& whole : model.sites()) {
    if (!whole.whole()) continue;
    std::vector<const LowRankMap*> parts;
    for (const LowRankMap& map : maps) {
      if (map.site.module == whole.name) parts.push_back(&map);
    }
    if (parts.empty()) continue;
    modules.push_back(
        parts.front()->site.whole()
            ? FactoredModule{whole, parts.front()->a, parts.front()->b, parts.front()->scale}
            : Stack(whole, parts));
  }
  return modules;
}

std::string TaskOf(const Model& model) {
  if (!model.generates()) return "SEQ_CLS";
  return model.layers().back().rfind("decoder.", 0) == 0 ? "SEQ_2_SEQ_LM" : "CAUSAL_LM";
}

class PeftWriter {
 public:
  PeftWriter(const Base& base, LowRank parts, const Json& settings)
      : base_(base), parts_(std::move(parts)), settings_(settings) {
    modules_ = ModulesOf(*base.model, parts_.maps);
  }

  Result<Files> Write() {
    if (modules_.empty()) return ConfigError("the adapter has no factors, so it is no LoRA");
    for (const FactoredModule& module : modules_) {
      files_.tensors[KeyA(module.site.name)] = module.a;
      files_.tensors[KeyB(module.site.name)] = module.b;
    }
    EIDA_RETURN_IF_ERROR(AddSaved());
    EIDA_ASSIGN_OR_RETURN(const std::string bias, AddBiases());
    AddConfig(bias);
    for (auto& [name, tensor] : files_.tensors) tensor = tensor.detach().contiguous();
    return std::move(files_);
  }

 private:
  const at::Tensor& Value(const std::string& name) const {
    const auto found = parts_.whole.find(name);
    return found != parts_.whole.end() ? found->second : base_.weights.at(name);
  }

  // Whole modules: those of which more than the bias is stored, all of their parameters, and the
  // head.
  Status AddSaved() {
    bool has_head = false;
    for (const Parameter& p : base_.model->parameters()) {
      if (base_.model->IsHead(p.name)) {
        if (parts_.whole.count(p.name) == 0 && base_.weights.count(p.name) == 0)
          return ConfigError("neither the adapter nor the base model has " + p.name +
                             ", without which PEFT would not load it");
        files_.tensors[KeyOf(p.name)] = Value(p.name);
        has_head = true;
      } else if (!p.buffer && !IsBiasOf(p) && parts_.whole.count(p.name) != 0) {
        saved_.push_back(ModuleOfParameter(p.name));
      }
    }
    for (const Parameter& p : base_.model->parameters()) {
      if (!p.buffer && std::count(saved_.begin(), saved_.end(), ModuleOfParameter(p.name)) != 0)
        files_.tensors[KeyOf(p.name)] = Value(p.name);
    }
    for (const std::string& module : std::vector<std::string>(saved_)) {
      if (!IsTiedTable(base_, module + ".weight")) continue;
      if (GetOr<std::string>(base_.config, "model_type", "") != "gpt2")
        return ConfigError(module +
                           " is trained and has several names in the model, of which PEFT would "
                           "change one; use the format hf");
      saved_.emplace_back(
          "lm_head");  // PEFT parts the table from the projection: each has its copy
      files_.tensors[KeyOf("lm_head.weight")] = Value(module + ".weight").clone();
    }
    if (has_head) saved_.emplace_back("classifier");
    return OkStatus();
  }

  // Biases that are stored without their weight, and PEFT's word for them.
  Result<std::string> AddBiases() {
    std::set<std::string> factored;
    for (const FactoredModule& module : modules_) factored.insert(module.site.name);
    bool any = false, all = true, own = true;
    for (const Parameter& p : base_.model->parameters()) {
      const std::string module = ModuleOfParameter(p.name);
      const std::string key = factored.count(module) != 0 ? KeyOfInnerBias(module) : KeyOf(p.name);
      if (p.buffer || !IsBiasOf(p) || files_.tensors.count(key) != 0) continue;
      const bool stored = parts_.whole.count(p.name) != 0;
      any |= stored;
      all &= stored;
      own &= stored == (factored.count(module) != 0);
      if (stored) files_.tensors[key] = Value(p.name);
    }
    if (!any) return std::string("none");
    if (all) return std::string("all");
    if (own) return std::string("lora_only");
    return ConfigError(
        "some biases were trained, neither all nor those of the modules with factors: PEFT has no "
        "word for them; use the format hf");
  }

  // PEFT takes a name for every module that ends with it: short names where they mean the same
  // modules, else whole paths.
  std::vector<std::string> Targets() const {
    std::set<std::string> paths, ends;
    for (const FactoredModule& module : modules_) {
      paths.insert(module.site.name);
      ends.insert(LastPart(module.site.name));
    }
    const auto meant = std::count_if(
        base_.model->sites().begin(), base_.model->sites().end(), [&](const SiteShape& site) {
          return site.whole() && ends.count(LastPart(site.name)) != 0 &&
                 std::count(saved_.begin(), saved_.end(), site.name) == 0;
        });
    const auto& names = static_cast<size_t>(meant) == modules_.size() ? ends : paths;
    return {names.begin(), names.end()};
  }

  void AddConfig(const std::string& bias) {
    const bool rooted = GetOr<bool>(settings_, "use_rslora", false);
    const auto alpha_of = [&](const FactoredModule& m) { return AlphaOf(m.scale, m.r(), rooted); };
    // What most modules have stands for all, the others have patterns.
    std::map<std::pair<int64_t, double>, int> counts;
    for (const FactoredModule& module : modules_)
      ++counts[{module.r(), alpha_of(module).get<double>()}];
    const auto most =
        std::max_element(counts.begin(), counts.end(), [](const auto& x, const auto& y) {
          return x.second < y.second;
        })->first;
    Json ranks = Json::object(), alphas = Json::object(), alpha = most.second;
    for (const FactoredModule& module : modules_) {
      const Json own = alpha_of(module);
      if (module.r() != most.first) ranks[module.site.name] = module.r();
      if (own.get<double>() != most.second)
        alphas[module.site.name] = own;
      else
        alpha = own;
    }
    files_.config = {{"peft_type", "LORA"},
                     {"task_type", TaskOf(*base_.model)},
                     {"r", most.first},
                     {"lora_alpha", alpha},
                     {"lora_dropout", GetOr<double>(settings_, "dropout", 0)},
                     {"target_modules", Targets()},
                     {"modules_to_save", saved_.empty() ? Json() : Json(saved_)},
                     {"bias", bias},
                     {"base_model_name_or_path", base_.config.value("_name_or_path", Json())},
                     {"fan_in_fan_out", modules_.front().site.transposed},
                     {"inference_mode", true},
                     {"init_lora_weights", true},
                     {"use_rslora", rooted}};
    if (!ranks.empty()) files_.config["rank_pattern"] = ranks;
    if (!alphas.empty()) files_.config["alpha_pattern"] = alphas;
  }

  const Base& base_;
  LowRank parts_;
  Json settings_;
  std::vector<FactoredModule> modules_;
  std::vector<std::string> saved_;
  Files files_;
};

}  // namespace

Result<Files> Write(const Base& base, const Adapter& adapter, const Weights& state) {
  const at::NoGradGuard no_grad;
  auto parts = adapter.AsLowRank(base, state);
  if (!parts.ok()) return ConfigError(Message(parts.status()) + "; use the format hf");
  return PeftWriter(base, std::move(*parts), adapter.settings()).Write();
}

}  // namespace eida::engine::peft
