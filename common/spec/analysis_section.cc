#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "common/spec/parts.h"
#include "common/spec/sections.h"
#include "common/spec/selection.h"

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
  std::vector<std::string> fitting;
  for (const catalog::AnalysisPreset& p : catalog::AnalysisPresets()) {
    if (type == nullptr || p.by_path == type->by_path) fitting.push_back(p.id);
  }
  if (fitting.empty()) {
    if (const Tree* written = reader.Get("preset", false, "a text"))
      reader.Error(written, "bad-reference",
                   "there is no preset of type " + type->id + "; leave \"preset\" out");
    return nullptr;
  }
  return catalog::Find(catalog::AnalysisPresets(), reader.Choice("preset", "", fitting));
}

// How many items; `samples: null` asks for the whole split.
std::optional<int64_t> ReadSamples(MapReader& reader, std::optional<int64_t> fallback) {
  const std::optional<int64_t> written = reader.MaybeInt("samples", 4, INT64_MAX);
  return reader.Has("samples") ? written : fallback;
}

// The runs of one variant that a selection has.
struct Picked {
  const VariantSpec* variant;
  std::set<int64_t> seeds;
};

std::vector<Picked> Pick(const std::string& text, const SweepSpec& spec) {
  std::vector<Picked> picked;
  const Result<Selection> selection = Selection::Parse(text);
  if (!selection.ok()) return picked;  // reported
  for (const VariantSpec& v : spec.variants) {
    Picked of{&v, {}};
    for (int64_t seed : spec.seeds) {
      if (selection->Matches(v.name, seed, RunName(v.name, seed))) of.seeds.insert(seed);
    }
    if (!of.seeds.empty()) picked.push_back(std::move(of));
  }
  return picked;
}

std::optional<int64_t> SharedSeed(const Picked& a, const Picked& b) {
  for (int64_t seed : a.seeds) {
    if (b.seeds.count(seed) > 0) return seed;
  }
  return std::nullopt;
}

// Does some run of one form a pair with some run of the other?
bool Meet(const std::string& pairs, const Picked& a, const Picked& b) {
  if (pairs == "same_seed") return SharedSeed(a, b).has_value();
  return pairs == "all" || (pairs == "same_variant") == (a.variant == b.variant);
}

// Can their tensors be mixed one by one? What stands in another file is for the engine to see.
bool OneStructure(const VariantSpec& a, const VariantSpec& b) {
  Json left = a.adapter, right = b.adapter;
  if (left.contains("init") || right.contains("init")) return true;
  left.erase("dropout"), right.erase("dropout");
  return left == right;
}

// The pairs that an analysis asks for, seen by variants: a run with itself, none at all, adapters
// that do not mix.
void CheckPairs(MapReader& reader, const AnalysisSpec& a, const SweepSpec& spec) {
  const std::vector<Picked> left = Pick(a.select, spec),
                            right = a.with.empty() ? left : Pick(a.with, spec);
  bool any = left.empty() || right.empty();  // reported
  for (const Picked& x : left) {
    for (const Picked& y : right) {
      if (!a.with.empty() && x.variant == y.variant && SharedSeed(x, y)) {
        return reader.Error(reader.Get("with"), "duplicate-run",
                            "\"" + reader.PathOf("with") + "\" selects the run " +
                                RunName(x.variant->name, *SharedSeed(x, y)) +
                                ", which \"select\" has too; a pair needs two runs");
      }
      if (!Meet(a.pairs, x, y)) continue;
      any = true;
      if (a.space != "adapter" || OneStructure(*x.variant, *y.variant)) continue;
      return reader.Error(reader.Get("space"), "adapter-structure",
                          "space \"adapter\" mixes the tensors of two adapters of one structure, "
                          "which \"" +
                              x.variant->name + "\" and \"" + y.variant->name +
                              "\" have not; use \"merged\", or pairs: same_variant");
    }
  }
  if (!any)
    reader.Error(reader.Get("with"), "empty-selection",
                 "no run of \"select\" forms a pair (" + a.pairs + ") with one of \"with\"");
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
    a.with = ReadSelect(reader, *spec, "with");
    a.pairs = reader.Choice("pairs", "all", {"all", "same_variant", "cross_variant", "same_seed"});
    a.at = reader.Choice("at", "final", {"final", "best"});
    CheckAt(reader, a, *spec);
    a.split = ReadSplitName(reader, "split", GetOr<std::string>(spec->eval, "split", ""), *spec);
    a.samples = ReadSamples(reader, defaults.Int("samples"));
    a.item_seed = reader.Int("item_seed", 0, 0, INT64_MAX);
    if (type->by_path || unknown) {
      a.alphas = static_cast<int>(
          reader.Int("alphas", defaults.Int("alphas").value_or(a.alphas), 3, 1001));
      a.space = reader.Choice("space", "merged", {"merged", "adapter"});
      a.confidence = reader.Number("confidence", a.confidence, 0.5, 0.9999);
    }
    if (!type->by_path || unknown) {
      a.layers = reader.Texts("layers", {"last"});
      a.estimator = reader.Choice("estimator", "unbiased", {"unbiased", "biased"});
    }
    a.numerics = ReadNumerics(reader, spec->eval);
    CheckPairs(reader, a, *spec);
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
  if (!a.with.empty()) json["with"] = a.with;
  if (catalog::Find(catalog::Analyses(), a.type)->by_path) json["confidence"] = a.confidence;
  return json;
}

}  // namespace eida::spec
