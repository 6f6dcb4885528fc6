// What exists: models, adapters, tasks, forms of data files, metrics, analyses and soups, read from
// the .def tables beside this file. Torch-free, so that the coordinator and the CLI can validate
// and list without the engine.
#pragma once

#include <string>
#include <vector>

namespace eida::catalog {

// A setting of an entry. `type`: int, number, amount (not negative), fraction, flag, metric, text,
// digest, names, scale (a number, or "4r" = 4 times r), ints and numbers (lists of a target and a
// positive one, in file order), enum(a|b).
struct Parameter {
  std::string name, type;
  std::string fallback;  // default as text
  bool required = false;
  bool implied = false;              // settings lack the key where it has its default
  std::vector<std::string> choices;  // of an enum
};

struct Role {
  std::string role;         // query, key, value, attn_out, fc1, fc2, ...
  std::string pattern;      // module path with * for the layer
  bool transposed = false;  // the weight is stored [in, out], as GPT-2's Conv1D does
  bool in_head = false;     // of the new head: there whether or not a checkpoint has it
  int part = 0, parts = 1;  // one of `parts` equal ranges of the module's outputs
};

struct Model {
  std::string id;
  bool generates = false;  // predicts tokens through its tied embeddings; else classifies items
  std::string prefix;      // of the base model's modules in a checkpoint that has a head: "bert."
  std::vector<Role> roles;
  std::string help;
};
struct Adapter {
  std::string id;
  std::string name;  // in reports
  std::vector<Parameter> parameters;
  std::string help;
};
struct Column {
  std::string key;   // text, text_pair, label, source, target: what a sweep file calls it
  std::string name;  // in the file, where the sweep file says nothing; "" = there is none
};
struct Task {
  std::string id;
  bool generates = false;  // a language model learns texts; else a classifier labels
  std::vector<Column> columns;
  std::vector<std::string> labels;        // by name; empty = as many as the head has
  std::vector<std::string> formats;       // of its files; the first is the default
  std::vector<std::string> metrics;       // of its items, in the order of tables
  std::vector<std::string> text_metrics;  // of what is generated, where a sweep names none
  std::string help;
};
struct Format {
  std::string id;
  std::string help;
};
struct Metric {
  std::string id;
  bool of_labels = false;     // only of tasks that learn labels
  bool of_smoothing = false;  // only with eval.label_smoothing
  bool maximize = false;
  std::string heading;  // in tables; with % the value is a share, shown times 100
  std::string help;
};
struct GenerationMetric {
  std::string id;
  std::vector<Parameter> parameters;  // its options
  double largest = 0;                 // 0: there is no largest value
  std::string help;
};
struct Analysis {
  std::string id;
  bool by_path = false;
  std::string help;
};
// Settings of an analysis under one name: what somebody else measured with.
struct AnalysisPreset {
  std::string id;
  bool by_path = false;               // of the analyses that read paths, or of the others
  std::vector<Parameter> parameters;  // defaults in place of an analysis' own; all have a fallback
  std::string help;
};
struct SoupMethod {
  std::string id;
  bool by_factors = false;  // each member must be low-rank updates of the base
  // What it tries first lies on the paths from the best member, at multiples of 1 / path_steps; 0:
  // it tries nothing.
  int path_steps = 0;
  std::vector<Parameter> parameters;  // its options
  std::string heading;                // of its row in tables
  std::string help;
};

const std::vector<Model>& Models();
const std::vector<Adapter>& Adapters();
const std::vector<Task>& Tasks();
const std::vector<Format>& Formats();
const std::vector<Metric>& Metrics();
const std::vector<GenerationMetric>& GenerationMetrics();
const std::vector<Analysis>& Analyses();
const std::vector<AnalysisPreset>& AnalysisPresets();
const std::vector<SoupMethod>& SoupMethods();

// Is a run of this adapter low-rank updates of the base, as PEFT's LoRA keeps them?
bool HasFactors(const std::string& adapter);

// Whether a model of that task can be measured by it.
bool Gives(const Task& task, const Metric& metric);
// All that it can.
std::vector<std::string> MetricsOf(const Task& task);

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

}  // namespace eida::catalog
