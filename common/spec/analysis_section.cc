#include <algorithm>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "common/spec/parts.h"
#include "common/spec/sections.h"

namespace eida::spec {
namespace {

// Defaults out of the preset that an analysis names.
class Defaults {
 public:
  explicit Defaults(const catalog::AnalysisPreset* preset) : preset_(preset) {}
  std::optional<int64_t> Int(const char* key) const {
    if (preset_ == nullptr) return std::nullopt;
    for (const catalog::Parameter& p : preset_->parameters) {
      if (p.name == key) return ParseInt(p.fallback);
    }
    return std::nullopt;
  }

 private:
  const catalog::AnalysisPreset* preset_;
};

// The preset; null when there is none, or none of that name for the analysis (reported). Of a type
// that is unknown itself any preset may be right.
const catalog::AnalysisPreset* ReadPreset(MapReader& reader, const catalog::Analysis* type) {
  if (!reader.Has("preset")) return nullptr;
  std::vector<std::string> fitting;
  for (const catalog::AnalysisPreset& p : catalog::AnalysisPresets()) {
    if (type == nullptr || p.by_path == type->by_path) fitting.push_back(p.id);
  }
  if (fitting.empty()) {
    reader.Error(reader.Get("preset"), "bad-reference",
                 "there is no preset of type " + type->id + "; leave \"preset\" out");
    return nullptr;
  }
  return catalog::Find(catalog::AnalysisPresets(), reader.Choice("preset", "", fitting));
}

// How many items; `samples: null` asks for the whole split.
std::optional<int64_t> ReadSamples(MapReader& reader, std::optional<int64_t> fallback) {
  const Tree* value = reader.Get("samples");
  if (value == nullptr) return fallback;
  if (value->kind == Tree::Kind::kNull) return std::nullopt;
  return reader.Int("samples", 4, 4, INT64_MAX);
}

void CheckAt(MapReader& reader, const AnalysisSpec& a, const SweepSpec& spec) {
  const auto keep = GetOr<std::vector<std::string>>(spec.checkpoint, "keep", {});
  if (a.at == "best" && std::find(keep.begin(), keep.end(), "best") == keep.end())
    reader.Error(reader.Get("at"), "bad-reference",
                 "\"at: best\" needs \"checkpoint.keep\" to hold best");
}

}  // namespace

void ReadAnalyses(MapReader& sweep, SweepSpec* spec) {
  ForEachNamed(sweep, "analyses", [&](MapReader& reader, const std::string& name) {
    AnalysisSpec a;
    a.name = name;
    a.type = reader.Choice("type", "cka", catalog::Ids(catalog::Analyses()), true);
    const catalog::Analysis* type = catalog::Find(catalog::Analyses(), a.type);
    // Of a type that does not exist every key may be right: one mistake, one message.
    const Tree* written = reader.Get("type");
    const bool unknown = written != nullptr && written->text != a.type;
    const catalog::AnalysisPreset* preset = ReadPreset(reader, unknown ? nullptr : type);
    const Defaults defaults(preset);
    if (preset != nullptr) a.preset = preset->id;
    a.select = ReadSelect(reader, *spec);
    a.pairs = reader.Choice("pairs", "all", {"all", "same_variant", "cross_variant", "same_seed"});
    a.at = reader.Choice("at", "final", {"final", "best"});
    CheckAt(reader, a, *spec);
    a.split = ReadSplitName(reader, "split", GetOr<std::string>(spec->eval, "split", ""), *spec);
    a.samples = ReadSamples(reader, defaults.Int("samples"));
    a.item_seed = reader.Int("item_seed", 0, 0, INT64_MAX);
    if (type->by_path || unknown) {
      a.alphas = static_cast<int>(
          reader.Int("alphas", defaults.Int("alphas").value_or(a.alphas), 3, 1001));
      a.space = reader.Choice("space", "merged", {"merged"});
    }
    if (!type->by_path || unknown) {
      a.layers = reader.Texts("layers", {"last"});
      a.estimator = reader.Choice("estimator", "unbiased", {"unbiased", "biased"});
    }
    a.numerics = ReadNumerics(reader, spec->eval);
    spec->analyses.push_back(std::move(a));
  });
}

Json ToJson(const AnalysisSpec& a) {
  Json json = {{"name", a.name},
               {"type", a.type},
               {"select", a.select},
               {"pairs", a.pairs},
               {"at", a.at},
               {"split", a.split},
               {"samples", a.samples ? Json(*a.samples) : Json(nullptr)},
               {"item_seed", a.item_seed},
               {"alphas", a.alphas},
               {"space", a.space},
               {"layers", a.layers},
               {"estimator", a.estimator},
               {"numerics", a.numerics}};
  if (!a.preset.empty()) json["preset"] = a.preset;
  return json;
}

}  // namespace eida::spec
