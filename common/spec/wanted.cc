#include "common/spec/wanted.h"

#include "common/base/text.h"

namespace eida::spec {

std::vector<inputs::SplitRule> SplitRulesOf(const DataSpec& data) {
  std::vector<inputs::SplitRule> rules;
  for (const SplitSpec& s : data.splits)
    rules.push_back({s.name, s.from, s.fraction, s.items, s.seed});
  return rules;
}

inputs::Wanted WantedBy(const SweepSpec& spec, const std::string& base_directory) {
  inputs::Wanted wanted;
  wanted.base = base_directory;
  wanted.model_path = spec.model.path;
  wanted.model_digest = spec.model.digest;
  wanted.labels = spec.model.labels;
  wanted.task = spec.data.task;
  wanted.format = spec.data.format;
  wanted.columns = {spec.data.text, spec.data.text_pair, spec.data.label};
  wanted.max_length = spec.data.max_length;
  wanted.splits = SplitRulesOf(spec.data);
  for (const SplitSpec& s : spec.data.splits) {
    if (!s.file.empty()) wanted.split_files[s.name] = s.file;
  }
  wanted.limit = spec.data.limit;
  for (const VariantSpec& variant : spec.variants) {
    if (variant.adapter.contains("init"))
      wanted.adapters[variant.place + ".adapter.init"] = variant.adapter["init"].get<std::string>();
  }
  return wanted;
}

std::vector<Diagnostic> ToDiagnostics(const std::vector<inputs::Problem>& problems,
                                      const SweepSpec& spec, const std::string& text,
                                      const std::string& file_name) {
  const std::vector<std::string> lines = Split(text, '\n');
  std::vector<Diagnostic> diagnostics;
  for (const inputs::Problem& problem : problems) {
    Diagnostic d{Severity::kError, "input", problem.message, file_name, 0, 0, 1, ""};
    if (const auto place = spec.places.find(problem.at);
        place != spec.places.end() && place->second.place.line > 0) {
      const auto& [file, at] = place->second;
      d.line = at.line, d.column = at.column, d.length = at.length;
      if (!file.empty()) d.file = file;
      if (d.file == file_name && d.line <= static_cast<int>(lines.size()))
        d.source_line = lines[d.line - 1];
    }
    diagnostics.push_back(std::move(d));
  }
  return diagnostics;
}

}  // namespace eida::spec
