#include "common/catalog/eida_dims.h"

#include <algorithm>
#include <map>
#include <optional>

#include "common/base/text.h"

namespace eida::catalog {
namespace {

constexpr int64_t kSmall = 32, kLarge = 64;

// The published lists (SCIENCE 2.1, 2.4): for each role one digit a layer, 1 = 64 dimensions.
struct PresetLine {
  const char *preset, *role, *input, *output;
};
constexpr PresetLine kPresets[] = {
    {"roberta-sst2", "query", "100000000000", "111111111111"},
    {"roberta-sst2", "key", "100000000000", "111111111100"},
    {"roberta-sst2", "value", "100000000000", "111111110000"},
    {"roberta-sst2", "attn_out", "111111110001", "111111000000"},
    {"roberta-sst2", "fc1", "000000000000", "111111110000"},
    {"roberta-sst2", "fc2", "000000000000", "111111100000"},
    {"roberta-sst2", "classifier_dense", "0", "0"},
    {"gpt2-e2e", "query", "110001011111", "100000000000"},
    {"gpt2-e2e", "key", "110001011111", "100000000000"},
    {"gpt2-e2e", "value", "110001011111", "001111110110"},
    {"gpt2-e2e", "attn_out", "000010110000", "111110000001"},
    {"gpt2-e2e", "fc1", "111111111111", "010000000011"},
    {"gpt2-e2e", "fc2", "111111111111", "111100000011"},
};

// The layer's number in a module path; 0 where there is none.
size_t LayerOf(const std::string& name) {
  for (const std::string& part : Split(name, '.')) {
    if (!part.empty() &&
        std::all_of(part.begin(), part.end(), [](unsigned char c) { return c >= '0' && c <= '9'; }))
      return part.size() > 4 ? 9999 : static_cast<size_t>(std::stoi(part));
  }
  return 0;
}

Result<EidaDims> PresetDims(const std::string& preset, const SiteShape& site) {
  for (const PresetLine& line : kPresets) {
    if (preset != line.preset || site.role != line.role) continue;
    const size_t layer = LayerOf(site.name);
    const std::string input = line.input, output = line.output;
    if (layer >= input.size()) break;
    return EidaDims{input[layer] == '1' ? kLarge : kSmall, output[layer] == '1' ? kLarge : kSmall};
  }
  return InvalidArgument("adapter eida: preset " + preset + " says nothing about " + site.name +
                         " (" + site.role + "); leave it out of targets, or give dims");
}

}  // namespace

std::string InputOf(const SiteShape& site) {
  const bool self = site.role == "query" || site.role == "key" || site.role == "value",
             cross = site.role == "cross_key" || site.role == "cross_value";
  if (!site.whole() || (!self && !cross)) return site.module;
  return site.module.substr(0, site.module.rfind('.'));
}

std::vector<int64_t> EidaChoices(const Json& settings) {
  if (GetOr<std::string>(settings, "preset", "none") != "none" ||
      (settings.contains("dims") && settings["dims"] != "rule"))
    return {};
  return {GetOr<int64_t>(settings, "dims_small", kSmall),
          GetOr<int64_t>(settings, "dims_large", kLarge)};
}

Result<std::vector<EidaDims>> FixedEidaDims(const Json& settings,
                                            const std::vector<SiteShape>& sites) {
  const auto preset = GetOr<std::string>(settings, "preset", "none");
  const std::string text = settings.contains("dims") && settings["dims"].is_number_integer()
                               ? std::to_string(settings["dims"].get<int64_t>())
                               : GetOr<std::string>(settings, "dims", "rule");
  const bool number =
      !text.empty() && text.size() < 7 &&
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= '0' && c <= '9'; });
  if (preset == "none" && (!number || std::stoll(text) < 1))
    return InvalidArgument("adapter eida: dims is \"" + text +
                           "\", it is a number of at least 1, or rule");
  std::vector<EidaDims> dims;
  for (const SiteShape& site : sites) {
    EidaDims own;
    if (preset != "none") {
      EIDA_ASSIGN_OR_RETURN(own, PresetDims(preset, site));
    } else {
      own.input = own.output = std::stoll(text);
    }
    dims.push_back(own);
  }
  if (!sites.empty()) EIDA_RETURN_IF_ERROR(UseOwnDims(settings, sites, &dims));
  return dims;
}

Status UseOwnDims(const Json& settings, const std::vector<SiteShape>& sites,
                  std::vector<EidaDims>* dims) {
  const auto inputs = NumbersByPattern(sites, settings, "input_dims"),
             outputs = NumbersByPattern(sites, settings, "output_dims");
  for (const auto* numbers : {&inputs, &outputs}) {
    if (!numbers->ok()) return Annotate(numbers->status(), "adapter eida");
  }
  std::map<std::string, int64_t> shared;
  for (size_t i = 0; i < sites.size(); ++i) {
    if (!(*inputs)[i]) continue;
    const auto own = static_cast<int64_t>(*(*inputs)[i]);
    const auto [at, is_new] = shared.emplace(InputOf(sites[i]), own);
    if (at->second != own)
      return InvalidArgument("adapter eida: input_dims gives " + std::to_string(at->second) +
                             " and " + std::to_string(own) + " dimensions to the input of " +
                             at->first + ", which " + sites[i].name + " shares; give it one");
  }
  for (size_t i = 0; i < sites.size(); ++i) {
    const SiteShape& site = sites[i];
    EidaDims& own = (*dims)[i];
    if (const auto found = shared.find(InputOf(site)); found != shared.end())
      own.input = found->second;
    if ((*outputs)[i]) own.output = static_cast<int64_t>(*(*outputs)[i]);
    if (own.input > site.in || own.output > site.out)
      return InvalidArgument("adapter eida: " + site.name + " maps " + std::to_string(site.in) +
                             " to " + std::to_string(site.out) + " numbers, fewer than the " +
                             std::to_string(own.input) + " and " + std::to_string(own.output) +
                             " dimensions that are asked for; lower dims");
  }
  return OkStatus();
}

}  // namespace eida::catalog
