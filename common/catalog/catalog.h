// What exists: models, adapters, tasks, metrics and analyses, read from the .def tables beside this
// file. Torch-free, so that the coordinator and the CLI can validate and list without the engine.
#pragma once

#include <string>
#include <vector>

namespace eida::catalog {

// A setting of an entry. `type`: int, number, fraction, flag, text, names, scale (a number, or "4r"
// = 4 times r), enum(a|b).
struct Parameter {
  std::string name, type;
  std::string fallback;  // default as text
  bool required = false;
  std::vector<std::string> choices;  // of an enum
};

struct Role {
  std::string role;     // query, key, value, attn_out, fc1, fc2, ...
  std::string pattern;  // module path with * for the layer
};

struct Model {
  std::string id;
  std::vector<Role> roles;
  std::string help;
};
struct Adapter {
  std::string id;
  std::vector<Parameter> parameters;
  std::string help;
};
struct Task {
  std::string id;
  std::vector<std::string> metrics;
  std::string help;
};
struct Metric {
  std::string id;
  bool maximize = false;
  std::string help;
};
struct Analysis {
  std::string id;
  bool by_path = false;
  std::string help;
};

const std::vector<Model>& Models();
const std::vector<Adapter>& Adapters();
const std::vector<Task>& Tasks();
const std::vector<Metric>& Metrics();
const std::vector<Analysis>& Analyses();

// The entry of that id, or null.
template <class Entry>
const Entry* Find(const std::vector<Entry>& entries, const std::string& id) {
  for (const Entry& entry : entries) {
    if (entry.id == id) return &entry;
  }
  return nullptr;
}
template <class Entry>
std::vector<std::string> Ids(const std::vector<Entry>& entries) {
  std::vector<std::string> ids;
  for (const Entry& entry : entries) ids.push_back(entry.id);
  return ids;
}

// The role of a module ("bert.encoder.layer.3.attention.self.query" -> "query"), "" when it has
// none. A leading model prefix is ignored.
std::string RoleOf(const Model& model, const std::string& module);

}  // namespace eida::catalog
