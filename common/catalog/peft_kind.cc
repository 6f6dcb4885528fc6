#include "common/catalog/peft_kind.h"

#include <algorithm>

namespace eida::catalog::peft {
namespace {

// Settings that change the function of the model and are not computed.
constexpr std::pair<const char*, const char*> kRefused[] = {
    {"use_dora", "DoRA rescales the rows of the changed weight"},
    {"use_qalora", "its factors belong to a quantised model"},
    {"lora_bias", "the factors have biases of their own"},
    {"layer_replication", "the model has other layers than the base"},
    {"trainable_token_indices", "rows of the token table were trained"},
    {"target_parameters", "it targets parameters, not modules"},
    {"alora_invocation_tokens", "the adapter works from certain tokens on"},
    {"arrow_config", "it routes between adapters"},
    {"use_bdlora", "its factors are block-diagonal"},
    {"kasa_config", "it changes the base's weights"},
    {"monteclora_config", "its factors are distributions"},
    {"velora_config", "it compresses activations"},
    {"megatron_config", "its layers are Megatron's"},
};
// Settings that are read below, or that say nothing about the function of a trained adapter.
constexpr const char* kKnown[] = {"peft_type",
                                  "task_type",
                                  "r",
                                  "lora_alpha",
                                  "lora_dropout",
                                  "target_modules",
                                  "exclude_modules",
                                  "rank_pattern",
                                  "alpha_pattern",
                                  "bias",
                                  "modules_to_save",
                                  "use_rslora",
                                  "layers_to_transform",
                                  "layers_pattern",
                                  "init_lora_weights",
                                  "base_model_name_or_path",
                                  "revision",
                                  "auto_mapping",
                                  "inference_mode",
                                  "peft_version",
                                  "fan_in_fan_out",
                                  "loftq_config",
                                  "eva_config",
                                  "corda_config",
                                  "lora_ga_config",
                                  "megatron_core",
                                  "runtime_config",
                                  "qalora_group_size",
                                  "ensure_weight_tying"};
// Initialisations that leave the base's weights as they are.
constexpr const char* kInits[] = {"gaussian", "eva", "orthogonal", "mica"};

bool IsNothing(const OrderedJson& value) {
  return value.is_null() || value == OrderedJson(false) || (value.is_structured() && value.empty());
}

}  // namespace

OrderedJson ValueOf(const OrderedJson& config, const char* key) {
  const auto found = config.find(key);
  return found == config.end() ? OrderedJson() : *found;
}

Status Wrong(const std::string& key, const OrderedJson& value, const std::string& why) {
  return InvalidArgument(key + " is " + value.dump() + why);
}

Status CheckKind(const OrderedJson& config) {
  if (!config.is_object()) return InvalidArgument("is no JSON object");
  if (ValueOf(config, "peft_type") != "LORA")
    return Wrong("peft_type", ValueOf(config, "peft_type"),
                 "; LORA is read (merge others in PEFT, merge_and_unload(), and use the model)");
  for (const auto& [key, why] : kRefused) {
    if (!IsNothing(ValueOf(config, key)))
      return InvalidArgument(std::string(key) + " is set, which is not computed: " + why);
  }
  for (const auto& [key, value] : config.items()) {
    const bool known = std::any_of(std::begin(kKnown), std::end(kKnown),
                                   [&, &name = key](const char* k) { return name == k; });
    if (!known && !IsNothing(value))
      return Wrong(key, value, ", a setting that this version does not know");
  }
  const OrderedJson init = ValueOf(config, "init_lora_weights");
  if (init.is_null() || init.is_boolean()) return OkStatus();
  if (std::none_of(std::begin(kInits), std::end(kInits),
                   [&](const char* known) { return init == known; })) {
    return Wrong("init_lora_weights", init,
                 ", which changes the base's weights; convert the adapter in PEFT "
                 "(save_pretrained with path_initial_model_for_weight_conversion)");
  }
  return OkStatus();
}

Status CheckTask(const OrderedJson& config, const ModelNames& model) {
  const OrderedJson task = ValueOf(config, "task_type");
  const bool decodes = std::any_of(model.sites.begin(), model.sites.end(),
                                   [](const auto& s) { return s.role.rfind("cross_", 0) == 0; });
  const char* own = !model.entry.generates ? "SEQ_CLS" : decodes ? "SEQ_2_SEQ_LM" : "CAUSAL_LM";
  if (task.is_null() || task == own || task == "FEATURE_EXTRACTION") return OkStatus();
  return Wrong("task_type", task, ", the base model is a " + model.entry.id + " for " + own);
}

}  // namespace eida::catalog::peft
