#include "common/spec/fields.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/base/text.h"
#include "common/spec/sections.h"

namespace eida::spec {
namespace {

struct Line {
  const char *path, *help, *example;
};
constexpr Line kLines[] = {
#define EIDA_FIELD(path, help, example) {path, help, example},
#include "common/spec/fields.def"
#undef EIDA_FIELD
};

// A sweep that has every section, and one of everything that a user names. Values that are other
// keys' defaults are marked, so that they are recognised there.
constexpr const char* kProbe = R"(
labels: {l: x}
model: {head: {classification: {labels: 2}}}
data:
  task: classification
  splits: {train: t, select: {from: train, fraction: 0.5}}
  limit: {train: 1}
adapter: {type: none, rank_pattern: {t: 1}, alpha_pattern: {t: 1}, input_dims: {t: 1}, output_dims: {t: 1}}
train: {lr: 1}
variants: [{name: v}]
eval: {every: {}, split: that of eval.split, report: that of eval.report, batch_size: 999983, generate: {metrics: [bleu, {metric: meteor}]}}
early_stop: {patience: 1}
checkpoint: {every: {}}
analyses: [{name: a}]
soups: [{name: s}]
observations: [{name: o}]
)";
constexpr std::pair<const char*, const char*> kMarked[] = {{"999983", "that of eval.batch_size"}};

// "analyses[0].name" -> "analyses[].name".
std::string WithoutNumbers(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (!(c >= '0' && c <= '9' && out.find_last_of('[') != std::string::npos &&
          out.find_last_of('[') + 1 == out.size()))
      out += c;
  }
  return out;
}

// Does the path of fields.def, with <..> for what users name, mean this one?
bool Means(const std::string& pattern, const std::string& path) {
  const std::vector<std::string> wanted = Split(pattern, '.'), have = Split(path, '.');
  return wanted.size() == have.size() && std::equal(wanted.begin(), wanted.end(), have.begin(),
                                                    [](const std::string& w, const std::string& h) {
                                                      return w[0] == '<' || w == h;
                                                    });
}

using Uses = std::map<std::string, FieldUse>;

// By path of fields.def; of several uses the first that says what the value must be.
Uses Probe(const std::vector<std::string>& overrides) {
  Uses uses;
  for (FieldUse& use : UsesOf(kProbe, overrides)) {
    for (const auto& [mark, meant] : kMarked) {
      if (use.fallback == mark) use.fallback = meant;
    }
    FieldUse& known = uses[FieldPath(use.path)];
    if (known.path.empty() || known.type.empty()) known = std::move(use);
  }
  return uses;
}

// What was read of a sweep for each value of one choice.
struct Probed {
  std::string path;  // of the choice
  std::vector<std::pair<std::string, Uses>> cases;
};

std::vector<Probed> ProbeChoices(const Uses& base) {
  std::vector<Probed> all;
  for (const auto& [path, use] : base) {
    if (use.choices.empty()) continue;
    Probed probed{path, {}};
    for (const std::string& choice : use.choices)
      probed.cases.emplace_back(choice, Probe({use.path + "=" + choice}));
    all.push_back(std::move(probed));
  }
  return all;
}

// "lora, eva" of the cases that `holds` for.
template <class F>
std::vector<std::string> CasesWhere(const Probed& probed, F&& holds) {
  std::vector<std::string> values;
  for (const auto& [value, uses] : probed.cases) {
    if (holds(value, uses)) values.push_back(value);
  }
  return values;
}

// What of a field depends on one choice.
void AddCases(const Probed& probed, const FieldUse& use, Field* field) {
  const auto has = [&](const std::string&, const Uses& uses) {
    return uses.count(field->path) > 0;
  };
  const std::vector<std::string> with = CasesWhere(probed, has);
  if (with.empty()) return;  // it depends on another choice
  if (with.size() < probed.cases.size()) field->only = probed.path + ": " + Join(with, ", ");
  const auto follows = CasesWhere(probed, [&](const std::string& value, const Uses& uses) {
    return uses.count(field->path) > 0 && uses.at(field->path).fallback == value;
  });
  if (follows.size() == probed.cases.size() && follows.size() > 1) {
    field->fallback = "that of " + probed.path;
    return;
  }
  std::map<std::string, std::vector<std::string>> other;
  for (const auto& [value, uses] : probed.cases) {
    const auto found = uses.find(field->path);
    if (found == uses.end() || probed.path == field->path) continue;
    const FieldUse& own = found->second;
    if (own.fallback != use.fallback)
      other["default " + (own.fallback.empty() ? "none" : own.fallback)].push_back(value);
    if (own.choices != use.choices) other["one of " + Join(own.choices, ", ")].push_back(value);
    for (const std::string& choice : own.choices) {
      std::vector<std::string>& every = field->every_choice;
      if (std::find(every.begin(), every.end(), choice) == every.end()) every.push_back(choice);
    }
  }
  for (const auto& [what, values] : other)
    field->exceptions.push_back(what + " with " + probed.path + ": " + Join(values, ", "));
}

Field FieldOf(const Line& line, const Uses& base, const std::vector<Probed>& probes) {
  Field field;
  field.path = line.path;
  field.help = line.help;
  field.example = line.example;
  const FieldUse* use = base.count(field.path) > 0 ? &base.at(field.path) : nullptr;
  for (const Probed& probed : probes) {
    for (const auto& [value, uses] : probed.cases) {
      if (use == nullptr && uses.count(field.path) > 0) use = &uses.at(field.path);
    }
  }
  if (use == nullptr) return field;  // FieldsOutOfStep tells of it
  field.type = use->type;
  field.choices = field.every_choice = use->choices;
  field.low = use->low;
  field.high = use->high;
  field.required = use->required;
  if (!use->required) field.fallback = use->fallback;
  for (const Probed& probed : probes) AddCases(probed, *use, &field);
  return field;
}

bool IsIn(const std::string& path, const std::string& parent) {
  const size_t begin = parent.empty() ? 0 : parent.size() + 1;
  if (!parent.empty() && path.rfind(parent + ".", 0) != 0 && path.rfind(parent + "[].", 0) != 0)
    return false;
  const size_t name = parent.empty() ? 0 : path.find('.', parent.size()) + 1;
  return path.size() > begin && path.find('.', name) == std::string::npos;
}

}  // namespace

std::string FieldPath(const std::string& written) {
  std::string path = WithoutNumbers(written);
  if (path.rfind("presets.", 0) == 0) {  // a part of a sweep file
    const size_t name = path.find('.', 8);
    path = name == std::string::npos ? "presets" : path.substr(name + 1);
  }
  for (const char* section : {"train", "adapter"}) {
    const std::string own = std::string("variants[].") + section + ".";
    if (path.rfind(own, 0) == 0) path = path.substr(11);
  }
  for (const Line& line : kLines) {
    if (path == line.path) return path;
  }
  for (const Line& line : kLines) {
    if (Means(line.path, path)) return line.path;
  }
  return path;
}

std::string SectionPath(const std::string& written) {
  std::string path = FieldPath(written);
  if (path.ends_with("[]")) path.resize(path.size() - 2);
  for (const char* own : {"variants[].train", "variants[].adapter"}) {
    if (path == own) return path.substr(11);
  }
  return path;
}

const std::vector<Field>& Fields() {
  static const std::vector<Field> fields = [] {
    const Uses base = Probe({});
    const std::vector<Probed> probes = ProbeChoices(base);
    std::vector<Field> all;
    for (const Line& line : kLines) all.push_back(FieldOf(line, base, probes));
    return all;
  }();
  return fields;
}

std::vector<std::string> FieldsOutOfStep() {
  const Uses base = Probe({});
  std::set<std::string> read;
  for (const auto& [path, use] : base) read.insert(path);
  for (const Probed& probed : ProbeChoices(base)) {
    for (const auto& [value, uses] : probed.cases) {
      for (const auto& [path, use] : uses) read.insert(path);
    }
  }
  std::vector<std::string> wrong;
  for (const Line& line : kLines) {
    if (read.erase(line.path) == 0) wrong.push_back(std::string(line.path) + " is not read");
  }
  for (const std::string& path : read) wrong.push_back(path + " is not explained");
  return wrong;
}

Result<std::vector<Field>> Explain(const std::string& written) {
  const std::string path = FieldPath(written);
  std::vector<Field> found;
  std::vector<std::string> paths;
  for (const Field& field : Fields()) {
    paths.push_back(field.path);
    if (field.path == path) found.insert(found.begin(), field);
    if (IsIn(field.path, path)) found.push_back(field);
  }
  if (path.empty() || (!found.empty() && found.front().path == path)) return found;
  // A key without what it stands in is meant by its name.
  for (const Field& field : Fields()) {
    if (field.path.ends_with("." + path))
      return NotFound("no field of a sweep file is called \"" + written + "\"; did you mean \"" +
                      field.path + "\"?");
  }
  return NotFound("there is no field \"" + written + "\" in a sweep file" + Meant(path, paths) +
                  " (`eidactl explain-field` lists the sections)");
}

}  // namespace eida::spec
