#include "common/catalog/peft.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "common/catalog/module_pattern.h"
#include "common/catalog/peft_kind.h"

namespace eida::catalog::peft {
namespace {

std::string ModuleOf(const std::string& parameter) {
  return parameter.substr(0, parameter.rfind('.'));
}

// A configuration on a model, taken apart.
class PeftReader {
 public:
  PeftReader(const OrderedJson& config, const ModelNames& model,
             const std::vector<std::string>& names)
      : config_(config), model_(model) {
    for (const std::string& name : names) {
      if (name.find(".original_module.") != std::string::npos) continue;  // the base's own
      std::string plain = name;
      for (const char* infix : {".modules_to_save.default.", ".modules_to_save."}) {
        const size_t at = plain.find(infix);
        if (at != std::string::npos) plain.replace(at, std::string(infix).size(), ".");
      }
      if (plain == name || left_.count(plain) == 0) left_[plain] = name;
    }
    // A model without a head has no prefix.
    bare_ = std::none_of(left_.begin(), left_.end(), [&](const auto& name) {
      return name.first.rfind(KeyOf(model.entry.prefix), 0) == 0;
    });
  }

  Result<Meaning> Read() {
    EIDA_RETURN_IF_ERROR(CheckKind(config_));
    EIDA_RETURN_IF_ERROR(CheckTask(config_, model_));
    EIDA_RETURN_IF_ERROR(ReadNumbers());
    EIDA_RETURN_IF_ERROR(ReadNames());
    EIDA_RETURN_IF_ERROR(ReadMaps());
    EIDA_RETURN_IF_ERROR(ReadWhole());
    if (!left_.empty()) return Unexpected();
    return std::move(meaning_);
  }

 private:
  OrderedJson Of(const char* key) const { return ValueOf(config_, key); }

  Status ReadNumbers() {
    const OrderedJson r = Of("r"), alpha = Of("lora_alpha"), dropout = Of("lora_dropout"),
                      bias = Of("bias"), rooted = Of("use_rslora");
    r_ = r.is_null() ? 8 : r.is_number_integer() ? r.get<int64_t>() : 0;
    alpha_ = alpha.is_null() ? 8 : alpha.is_number() ? alpha.get<double>() : 0;
    const double p = dropout.is_null() ? 0 : dropout.is_number() ? dropout.get<double>() : -1;
    bias_ = bias.is_null() ? "none" : bias.is_string() ? bias.get<std::string>() : "";
    if (r_ < 1) return Wrong("r", r, ", not a number of at least 1");
    if (!(alpha_ > 0)) return Wrong("lora_alpha", alpha, ", not a positive number");
    if (!(p >= 0 && p < 1)) return Wrong("lora_dropout", dropout, ", not within [0, 1)");
    if (bias_ != "none" && bias_ != "all" && bias_ != "lora_only")
      return Wrong("bias", bias, ", not none, all or lora_only");
    if (!rooted.is_null() && !rooted.is_boolean())
      return Wrong("use_rslora", rooted, ", not true or false");
    meaning_.settings = {
        {"type", "lora"}, {"r", r_}, {"alpha", alpha_}, {"dropout", p}, {"bias", bias_}};
    if (rooted == OrderedJson(true)) meaning_.settings["use_rslora"] = true;
    for (const char* key : {"rank_pattern", "alpha_pattern"}) {
      const OrderedJson pattern = Of(key);
      if (!pattern.is_null() && !pattern.is_object()) return Wrong(key, pattern, ", no map");
      for (const auto& [module, value] : pattern.items()) {
        const bool rank = std::string(key) == "rank_pattern";
        if (!(rank ? value.is_number_integer() : value.is_number()) || !(value.get<double>() > 0))
          return Wrong(std::string(key) + "." + module, value, ", not a positive number");
        // get_pattern_key of PEFT: the end of a path, from a dot on.
        auto made = ModulePattern::Make("(.*\\.)?(" + module + ")");
        if (!made.ok()) return Annotate(made.status(), key);
        (rank ? ranks_ : alphas_).emplace_back(*made, value.get<double>());
      }
    }
    return OkStatus();
  }

  // A list of names, or null.
  Result<std::vector<std::string>> Names(const char* key) const {
    std::vector<std::string> names;
    const OrderedJson list = Of(key);
    if (list.is_null()) return names;
    if (!list.is_array()) return Wrong(key, list, ", no list of names");
    for (const OrderedJson& name : list) {
      if (!name.is_string()) return Wrong(key, list, ", no list of names");
      names.push_back(name.get<std::string>());
    }
    return names;
  }

  // A list of paths and their ends, or one regular expression.
  struct Modules {
    std::vector<std::string> ends;
    std::vector<ModulePattern> pattern;  // one or none
    bool all = false;
    bool Have(const std::string& name) const {
      if (all || (!pattern.empty() && pattern.front().Matches(name))) return true;
      return std::any_of(ends.begin(), ends.end(), [&](const std::string& end) {
        return name == end || name.ends_with("." + end);
      });
    }
  };
  Result<Modules> ReadModules(const char* key) const {
    Modules modules;
    const OrderedJson value = Of(key);
    if (!value.is_string()) {
      EIDA_ASSIGN_OR_RETURN(modules.ends, Names(key));
      return modules;
    }
    const auto text = value.get<std::string>();
    if (text == "all-linear" && std::string(key) == "target_modules") {
      modules.all = true;
      return modules;
    }
    auto made = ModulePattern::Make(text);
    if (!made.ok()) return Annotate(made.status(), key);
    modules.pattern.push_back(*made);
    return modules;
  }

  Status ReadNames() {
    if (Of("target_modules").is_null())
      return InvalidArgument("target_modules is null: which modules have factors is not said");
    EIDA_ASSIGN_OR_RETURN(targets_, ReadModules("target_modules"));
    EIDA_ASSIGN_OR_RETURN(excluded_, ReadModules("exclude_modules"));
    EIDA_ASSIGN_OR_RETURN(saved_, Names("modules_to_save"));
    for (const std::string& name : saved_) {
      const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '.';
      });
      if (!plain || name.empty()) return Wrong("modules_to_save", name, ", which is no module");
    }
    if (Of("task_type") == "SEQ_CLS") {  // PEFT's model of that task adds them
      saved_.emplace_back("classifier");
      saved_.emplace_back("score");
    }
    const OrderedJson layers = Of("layers_to_transform"), pattern = Of("layers_pattern");
    for (const OrderedJson& layer : layers.is_array() ? layers : OrderedJson::array({layers})) {
      if (layer.is_null()) continue;
      if (!layer.is_number_integer())
        return Wrong("layers_to_transform", layers, ", no layers' numbers");
      layers_.insert(layer.get<int64_t>());
    }
    for (const OrderedJson& name : pattern.is_array() ? pattern : OrderedJson::array({pattern})) {
      if (name.is_null() || name == "") continue;
      if (!name.is_string() ||
          name.get<std::string>().find_first_of(".*+?[](){}|\\^$") != std::string::npos)
        return Wrong("layers_pattern", pattern, ", no module's name");
      layer_lists_.push_back(name.get<std::string>());
    }
    return OkStatus();
  }

  // The name of a module as PEFT saw it.
  std::string Seen(const std::string& name) const {
    return bare_ ? WithoutPrefix(model_.entry, name) : name;
  }

  // Is the module, or one around it, saved whole?
  bool Saves(const std::string& seen) const {
    for (const std::string& end : saved_) {
      for (size_t dot = seen.find('.'); dot != std::string::npos; dot = seen.find('.', dot + 1)) {
        if (seen.substr(0, dot).ends_with(end)) return true;
      }
      if (seen.ends_with(end)) return true;
    }
    return false;
  }

  // The layer's number as PEFT finds it: the first that follows a list of layers' name, or any name
  // but a path's first.
  bool InLayers(const std::string& seen) const {
    if (layers_.empty() || !Of("target_modules").is_array()) return true;
    const std::vector<std::string> parts = Split(seen, '.');
    for (const std::string& list :
         layer_lists_.empty() ? std::vector<std::string>{""} : layer_lists_) {
      for (size_t i = list.empty() ? 2 : 1; i + 1 < parts.size(); ++i) {
        const bool number = !parts[i].empty() && parts[i].size() < 10 &&
                            std::all_of(parts[i].begin(), parts[i].end(),
                                        [](unsigned char c) { return std::isdigit(c) != 0; });
        if (number && (list.empty() || parts[i - 1] == list))
          return layers_.count(std::stoll(parts[i])) != 0;
      }
    }
    return false;
  }

  static double ByPattern(const std::vector<std::pair<ModulePattern, double>>& patterns,
                          const std::string& seen, double otherwise) {
    for (const auto& [pattern, value] : patterns) {
      if (pattern.Matches(seen)) return value;
    }
    return otherwise;
  }

  Status Take(const std::string& own, const std::string& key) {
    const auto found = left_.find(key);
    if (found == left_.end())
      return InvalidArgument("the tensor " + key + " is not in the file, but the configuration " +
                             "asks for it");
    meaning_.tensors[own] = found->second;
    left_.erase(found);
    return OkStatus();
  }

  Status ReadMaps() {
    Json targets = Json::array(), ranks = Json::array(), alphas = Json::array();
    for (const SiteShape& site : model_.sites) {
      const std::string seen = Seen(site.name);
      if (!site.whole() || excluded_.Have(seen) || Saves(seen) || !targets_.Have(seen) ||
          !InLayers(seen))
        continue;
      if (site.in_head)
        return Wrong("target_modules", Of("target_modules"),
                     ", which means " + seen + " of the head; heads are read whole");
      EIDA_RETURN_IF_ERROR(Take(KeyA(site.name), KeyA(seen)));
      EIDA_RETURN_IF_ERROR(Take(KeyB(site.name), KeyB(seen)));
      const double rank = ByPattern(ranks_, seen, static_cast<double>(r_)),
                   alpha = ByPattern(alphas_, seen, alpha_);
      targets.push_back(site.name);
      factored_.insert(site.module);
      if (rank != static_cast<double>(r_))
        ranks.push_back(Json::array({site.name, static_cast<int64_t>(rank)}));
      if (alpha != alpha_) alphas.push_back(Json::array({site.name, alpha}));
    }
    if (targets.empty())
      return Wrong("target_modules", Of("target_modules"),
                   ", which means no linear map of the base model");
    meaning_.settings["targets"] = targets;
    if (!ranks.empty()) meaning_.settings["rank_pattern"] = ranks;
    if (!alphas.empty()) meaning_.settings["alpha_pattern"] = alphas;
    return OkStatus();
  }

  // Modules that were saved whole, biases, and the head.
  Status ReadWhole() {
    Json saved = Json::array();
    size_t head = 0, of_head = 0;
    for (const ParameterName& p : model_.parameters) {
      const std::string module = ModuleOf(p.name), key = KeyOf(Seen(p.name));
      if (p.in_head) {
        ++head;
        of_head += left_.count(key);
        if (left_.count(key) != 0) EIDA_RETURN_IF_ERROR(Take(KeyOf(p.name), key));
      } else if (Saves(Seen(module))) {
        EIDA_RETURN_IF_ERROR(Take(KeyOf(p.name), key));
        if (std::find(saved.begin(), saved.end(), module) == saved.end()) saved.push_back(module);
      } else if (p.name.ends_with(".bias") &&
                 (bias_ == "all" || (bias_ == "lora_only" && factored_.count(module) != 0))) {
        const std::string inner = KeyOfInnerBias(Seen(module));
        EIDA_RETURN_IF_ERROR(Take(KeyOf(p.name), left_.count(inner) != 0 ? inner : key));
      }
    }
    if (of_head != 0 && of_head != head) return InvalidArgument("only a part of the head is there");
    meaning_.has_head = of_head != 0;
    if (!meaning_.has_head && head != 0) meaning_.settings["train_head"] = false;
    if (!saved.empty()) meaning_.settings["modules_to_save"] = saved;
    return OkStatus();
  }

  Status Unexpected() const {
    const std::string& first = left_.begin()->second;
    const char* why = first.find("lora_embedding_") != std::string::npos
                          ? ": it adapts an embedding, which is not computed"
                      : first.find("lora_magnitude_vector") != std::string::npos
                          ? ": it belongs to DoRA, which is not computed"
                          : ": the adapter belongs to another model, or the file to another "
                            "configuration";
    return InvalidArgument(std::to_string(left_.size()) +
                           " tensors are not what the configuration and the base model ask for, "
                           "first " +
                           first + why);
  }

  const OrderedJson& config_;
  const ModelNames& model_;
  std::map<std::string, std::string> left_;  // not taken yet: name without PEFT's infixes -> name
  bool bare_ = false;                        // of a model without a head
  int64_t r_ = 0;
  double alpha_ = 0;
  std::string bias_;
  std::vector<std::pair<ModulePattern, double>> ranks_, alphas_;
  Modules targets_, excluded_;
  std::vector<std::string> saved_, layer_lists_;
  std::set<int64_t> layers_;
  std::set<std::string> factored_;
  Meaning meaning_;
};

}  // namespace

std::string KeyA(const std::string& module) { return kPrefix + module + ".lora_A.weight"; }
std::string KeyB(const std::string& module) { return kPrefix + module + ".lora_B.weight"; }
std::string KeyOf(const std::string& parameter) { return kPrefix + parameter; }
std::string KeyOfInnerBias(const std::string& module) {
  return kPrefix + module + ".base_layer.bias";
}

Result<OrderedJson> ParseOrdered(const std::string& text, const std::string& what) {
  try {
    return OrderedJson::parse(text);
  } catch (const OrderedJson::parse_error& error) {
    return InvalidArgument(what + ": not valid JSON at byte " + std::to_string(error.byte) + ": " +
                           error.what());
  }
}

Result<Meaning> MeaningOf(const OrderedJson& config, const ModelNames& model,
                          const std::vector<std::string>& names) {
  return PeftReader(config, model, names).Read();
}

}  // namespace eida::catalog::peft
