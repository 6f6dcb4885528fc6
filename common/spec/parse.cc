#include "common/spec/parse.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/spec/presets.h"
#include "common/spec/sections.h"

namespace eida::spec {
namespace {

bool IsSweepName(const std::string& name) {
  return !name.empty() && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

void ReadHead(MapReader& sweep, SweepSpec* spec) {
  const std::string version = sweep.Text("apiVersion", "", true);
  if (!version.empty() && version != "eida/v1")
    sweep.Error(sweep.tree()->Find("apiVersion"), "enum",
                "apiVersion is \"" + version + "\", this version reads eida/v1");
  sweep.Choice("kind", "Sweep", {"Sweep"}, true);
  spec->name = sweep.Text("name", "", true);
  if (sweep.Has("name") && !IsSweepName(spec->name))
    sweep.Error(sweep.tree()->Find("name"), "range",
                "\"name\" must be 1 to 63 lower-case letters, digits or '-'");
  spec->description = sweep.Text("description", "");
  // presets.h has taken them out; they are keys of a sweep file all the same.
  sweep.Text("preset", "");
  sweep.Get("presets", false, "a map of names to parts of a sweep file");
  MapReader labels = sweep.Map("labels");
  if (labels.tree() != nullptr) {
    for (const auto& [key, value] : labels.tree()->entries)
      spec->labels[key.text] = labels.Text(key.text, "");
  }
}

SweepSpec ReadSweep(ReadContext* context, const Tree& tree) {
  SweepSpec spec;
  MapReader sweep(context, &tree, "");
  if (sweep.tree() == nullptr) return spec;
  ReadHead(sweep, &spec);
  ReadModel(sweep.Map("model", true), &spec.model);
  ReadData(sweep, &spec);
  // A sweep that only observes its base model has no runs.
  const bool runs = !sweep.Has("observations") || sweep.Has("variants") || sweep.Has("seeds");
  ReadSeeds(sweep, runs, &spec.seeds);
  ReadVariants(sweep, runs, &spec.variants);
  ReadEval(sweep, &spec);
  ReadEarlyStop(sweep, &spec);
  ReadCheckpoint(sweep, &spec);
  ReadLimits(sweep, &spec);
  ReadAnalyses(sweep, &spec);
  ReadSoups(sweep, &spec);
  ReadObservations(sweep, &spec);
  if (spec.variants.size() * spec.seeds.size() > 100'000) {
    sweep.Error(sweep.tree()->Find("variants"), "too-many-runs",
                std::to_string(spec.variants.size()) + " variants x " +
                    std::to_string(spec.seeds.size()) + " seeds are more than 100,000 runs");
  }
  sweep.Finish();
  return spec;
}

// The presets that were not asked for are read too, for their errors alone: a file is valid in all
// of its sizes.
void CheckOtherPresets(const Tree& file, const Presets& presets,
                       std::vector<Diagnostic>* diagnostics) {
  if (HasErrors(*diagnostics)) return;
  for (const std::string& name : presets.names) {
    if (name == presets.chosen) continue;
    Tree tree = file;
    std::vector<Diagnostic> found;
    ApplyPreset({PresetOverride(name)}, &tree, &found);
    SourceMap places;
    ReadContext context{&found, &places};
    ReadSweep(&context, tree);
    for (Diagnostic& d : found) {
      if (d.severity != Severity::kError) continue;
      d.message += " (with the preset " + name + ")";
      diagnostics->push_back(std::move(d));
    }
  }
}

// A grid reads its cells once each: the same complaint about the same place is made once.
void Tidy(const std::string& text, const std::string& file, std::vector<Diagnostic>* diagnostics) {
  const std::vector<std::string> lines = Split(text, '\n');
  std::vector<Diagnostic> kept;
  for (Diagnostic& d : *diagnostics) {
    if (d.file.empty()) d.file = file;
    if (d.file == file && d.line >= 1 && d.line <= static_cast<int>(lines.size()))
      d.source_line = lines[d.line - 1];
    if (!d.source_line.empty() && d.source_line.back() == '\r') d.source_line.pop_back();
    const bool known = std::any_of(kept.begin(), kept.end(), [&](const Diagnostic& k) {
      return k.file == d.file && k.line > 0 && k.line == d.line && k.column == d.column &&
             k.code == d.code;
    });
    if (!known) kept.push_back(std::move(d));
  }
  std::stable_sort(kept.begin(), kept.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  *diagnostics = std::move(kept);
}

Json EveryJson(const SplitSpec& s) {
  Json j = {{"name", s.name}};
  if (!s.file.empty()) j["file"] = s.file;
  if (!s.from.empty()) j["from"] = s.from, j["seed"] = s.seed;
  if (s.fraction) j["fraction"] = *s.fraction;
  if (s.items) j["items"] = *s.items;
  return j;
}

}  // namespace

std::vector<FieldUse> UsesOf(const std::string& text, const std::vector<std::string>& overrides) {
  std::vector<Diagnostic> ignored;
  Tree tree = ParseYaml(text, "", &ignored);
  for (const std::string& assignment : overrides) ApplyOverride(assignment, &tree, &ignored);
  SourceMap places;
  std::vector<FieldUse> uses;
  ReadContext context{&ignored, &places, &uses};
  ReadSweep(&context, tree);
  return uses;
}

ParseResult ParseSweep(const std::string& text, const std::string& file_name,
                       const std::vector<std::string>& overrides) {
  ParseResult result;
  const Tree file = ParseYaml(text, file_name, &result.diagnostics);
  if (!HasErrors(result.diagnostics) || file.kind == Tree::Kind::kMap) {
    Tree tree = file;
    const Presets presets = ApplyPreset(overrides, &tree, &result.diagnostics);
    SourceMap places;
    ReadContext context{&result.diagnostics, &places};
    SweepSpec spec = ReadSweep(&context, tree);
    spec.preset = presets.chosen;
    spec.places = std::move(places);
    result.spec = std::move(spec);
    CheckOtherPresets(file, presets, &result.diagnostics);
  }
  Tidy(text, file_name, &result.diagnostics);
  if (HasErrors(result.diagnostics)) result.spec.reset();
  return result;
}

Json ToJson(const SweepSpec& spec) {
  Json splits = Json::array(), variants = Json::array(), analyses = Json::array(),
       soups = Json::array(), never = Json::array();
  for (const SplitSpec& s : spec.data.splits) splits.push_back(EveryJson(s));
  for (const VariantSpec& v : spec.variants)
    variants.push_back({{"name", v.name}, {"adapter", v.adapter}, {"train", v.train}});
  for (const AnalysisSpec& a : spec.analyses) analyses.push_back(ToJson(a));
  for (const SoupSpec& s : spec.soups) {
    Json soup = s.options;
    soup.update({{"name", s.name},
                 {"type", s.type},
                 {"select", s.select},
                 {"split", s.split},
                 {"report", s.report},
                 {"numerics", s.numerics}});
    if (s.split_half) soup["split_half"] = *s.split_half;
    soups.push_back(std::move(soup));
  }
  for (ErrorClass e : spec.retries.never) never.push_back(ToString(e));
  Json json = {
      {"apiVersion", "eida/v1"},
      {"kind", "Sweep"},
      {"name", spec.name},
      {"description", spec.description},
      {"labels", spec.labels},
      {"model",
       {{"path", spec.model.path}, {"digest", spec.model.digest}, {"labels", spec.model.labels}}},
      {"data",
       {{"task", spec.data.task},
        {"format", spec.data.format},
        {"columns",
         {{"text", spec.data.text},
          {"text_pair", spec.data.text_pair},
          {"label", spec.data.label}}},
        {"max_length", spec.data.max_length},
        {"splits", splits},
        {"limit", spec.data.limit}}},
      {"seeds", spec.seeds},
      {"variants", variants},
      {"eval", spec.eval},
      {"checkpoint", spec.checkpoint},
      {"resources", {{"slots_per_job", spec.slots_per_job}, {"device", spec.device}}},
      {"limits",
       {{"max_parallel", spec.max_parallel},
        {"max_failures", spec.max_failures},
        {"priority", spec.priority}}},
      {"retries",
       {{"max", spec.retries.max},
        {"backoff_seconds", spec.retries.backoff.count() / 1000.0},
        {"max_backoff_seconds", spec.retries.max_backoff.count() / 1000.0},
        {"never", never}}},
      {"analyses", analyses},
      {"soups", soups}};
  if (!spec.preset.empty()) json["preset"] = spec.preset;
  if (!spec.data.source_lang.empty()) json["data"]["source_lang"] = spec.data.source_lang;
  if (!spec.data.target_lang.empty()) json["data"]["target_lang"] = spec.data.target_lang;
  if (spec.pack != 1) json["resources"]["pack"] = spec.pack;
  if (!spec.early_stop.is_null()) json["early_stop"] = spec.early_stop;
  for (const ObservationSpec& o : spec.observations) json["observations"].push_back(ToJson(o));
  return json;
}

}  // namespace eida::spec
