#include "common/spec/presets.h"

#include <algorithm>

#include "common/base/text.h"

namespace eida::spec {
namespace {

constexpr const char* kChoice = "preset";

bool IsChoice(const std::string& assignment) {
  return assignment.rfind(std::string(kChoice) + "=", 0) == 0;
}

void Report(const Tree& at, const std::string& code, const std::string& message,
            std::vector<Diagnostic>* diagnostics) {
  diagnostics->push_back({Severity::kError, code, message, at.file, at.place.line, at.place.column,
                          at.place.length, ""});
}

void Remove(const std::string& key, Tree* map) {
  map->entries.erase(std::remove_if(map->entries.begin(), map->entries.end(),
                                    [&key](const auto& entry) { return entry.first.text == key; }),
                     map->entries.end());
}

void Lay(const Tree& over, Tree* under) {
  if (over.kind != Tree::Kind::kMap || under->kind != Tree::Kind::kMap) {
    *under = over;
    return;
  }
  for (const auto& [key, value] : over.entries) {
    if (value.kind == Tree::Kind::kNull) {
      Remove(key.text, under);
    } else if (Tree* known = under->Find(key.text)) {
      Lay(value, known);
    } else {
      under->entries.emplace_back(key, value);
    }
  }
}

// The sweep of a preset is another one than the file's own.
void Rename(const std::string& preset, const Tree& part, Tree* file) {
  Tree* name = file->Find("name");
  if (name != nullptr && name->kind == Tree::Kind::kScalar && part.Find("name") == nullptr)
    name->text += "-" + preset;
}

}  // namespace

std::string PresetOverride(const std::string& preset) {
  return std::string(kChoice) + "=" + preset;
}

Presets ApplyPreset(const std::vector<std::string>& overrides, Tree* file,
                    std::vector<Diagnostic>* diagnostics) {
  Presets presets;
  for (const std::string& assignment : overrides) {
    if (IsChoice(assignment)) ApplyOverride(assignment, file, diagnostics);
  }
  Tree all, choice;
  if (const Tree* found = file->Find("presets")) all = *found;
  if (const Tree* found = file->Find(kChoice)) choice = *found;
  Remove("presets", file);
  Remove(kChoice, file);
  if (all.kind != Tree::Kind::kMap && all.kind != Tree::Kind::kNull)
    Report(all, "type", "\"presets\" must be a map, not " + std::string(KindName(all.kind)),
           diagnostics);
  for (const auto& [name, part] : all.entries) {
    presets.names.push_back(name.text);
    for (const char* key : {"presets", kChoice}) {
      if (part.Find(key) != nullptr)
        Report(*part.Find(key), "unknown-key", "a preset cannot have \"" + std::string(key) + "\"",
               diagnostics);
    }
    if (part.kind != Tree::Kind::kMap)
      Report(part, "type",
             "\"presets." + name.text + "\" must be a map, not " + KindName(part.kind),
             diagnostics);
  }
  if (choice.kind == Tree::Kind::kScalar) {
    const Tree* part = all.Find(choice.text);
    if (part == nullptr) {
      const std::string have = presets.names.empty()
                                   ? "; the file has no presets"
                                   : "; the file has: " + Join(presets.names, ", ");
      Report(choice, "enum",
             "there is no preset \"" + Ellipsis(choice.text, 60) + "\"" + have +
                 Meant(choice.text, presets.names),
             diagnostics);
    } else {
      presets.chosen = choice.text;
      Lay(*part, file);
      Rename(choice.text, *part, file);
    }
  } else if (choice.kind != Tree::Kind::kNull) {
    Report(choice, "type", "\"preset\" must be a text, not " + std::string(KindName(choice.kind)),
           diagnostics);
  }
  for (const std::string& assignment : overrides) {
    if (!IsChoice(assignment)) ApplyOverride(assignment, file, diagnostics);
  }
  return presets;
}

}  // namespace eida::spec
