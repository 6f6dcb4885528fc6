#include "worker/engine/formats/peft.h"

#include <algorithm>

#include "worker/engine/adapters/adapter.h"

namespace eida::engine::peft {
namespace {

std::string LastPart(const std::string& module) { return module.substr(module.rfind('.') + 1); }

}  // namespace

std::string KeyA(const std::string& module) { return kPrefix + module + ".lora_A.weight"; }
std::string KeyB(const std::string& module) { return kPrefix + module + ".lora_B.weight"; }
std::string KeyOf(const std::string& parameter) { return kPrefix + parameter; }

Result<Json> AdapterConfig(const Json& settings, const Model& model, const Json& base_name) {
  EIDA_ASSIGN_OR_RETURN(
      const std::vector<SiteShape> sites,
      catalog::TargetSites(
          model.sites(), GetOr<std::vector<std::string>>(settings, "targets", {"query", "value"})));
  // PEFT takes a name for every module that ends with it. Short names if they mean the same sites,
  // else whole paths.
  std::vector<std::string> short_names, whole_names;
  for (const SiteShape& site : sites) {
    whole_names.push_back(site.name);
    const std::string last = LastPart(site.name);
    if (std::find(short_names.begin(), short_names.end(), last) == short_names.end())
      short_names.push_back(last);
  }
  const auto meant =
      std::count_if(model.sites().begin(), model.sites().end(), [&](const SiteShape& site) {
        return std::find(short_names.begin(), short_names.end(), LastPart(site.name)) !=
               short_names.end();
      });
  std::vector<std::string> targets =
      static_cast<size_t>(meant) == sites.size() ? short_names : whole_names;
  std::sort(targets.begin(), targets.end());
  const auto r = GetOr<int64_t>(settings, "r", 0);
  const auto alpha = GetOr<double>(settings, "alpha", static_cast<double>(r));
  const bool whole = alpha == static_cast<double>(static_cast<int64_t>(alpha));
  return Json{{"peft_type", "LORA"},
              {"task_type", "SEQ_CLS"},
              {"r", r},
              {"lora_alpha", whole ? Json(static_cast<int64_t>(alpha)) : Json(alpha)},
              {"lora_dropout", GetOr<double>(settings, "dropout", 0)},
              {"target_modules", targets},
              {"modules_to_save", {"classifier"}},
              {"bias", "none"},
              {"base_model_name_or_path", base_name},
              {"fan_in_fan_out", false},
              {"inference_mode", true},
              {"init_lora_weights", true},
              {"use_rslora", false}};
}

}  // namespace eida::engine::peft
