#include "common/catalog/catalog.h"

#include "common/base/text.h"

namespace eida::catalog {
namespace {

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  for (const std::string& word : Split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

std::vector<Role> ParseRoles(const std::string& text) {
  std::vector<Role> roles;
  for (const std::string& word : Words(text)) {
    const size_t equals = word.find('=');
    Role role;
    role.role = word.substr(0, equals);
    std::string pattern = word.substr(equals + 1);
    for (; !pattern.empty() && (pattern[0] == '^' || pattern[0] == '+'); pattern.erase(0, 1)) {
      role.transposed |= pattern[0] == '^';
      role.in_head |= pattern[0] == '+';
    }
    const size_t bracket = pattern.find('[');
    if (bracket != std::string::npos) {  // [part/parts]
      role.part = pattern[bracket + 1] - '0';
      role.parts = pattern[bracket + 3] - '0';
    }
    role.pattern = pattern.substr(0, bracket);
    roles.push_back(std::move(role));
  }
  return roles;
}

// key=name
std::vector<Column> ParseColumns(const std::string& text) {
  std::vector<Column> columns;
  for (const std::string& word : Words(text)) {
    const size_t equals = word.find('=');
    columns.push_back({word.substr(0, equals), word.substr(equals + 1)});
  }
  return columns;
}

// name:type=default
std::vector<Parameter> ParseParameters(const std::string& text) {
  std::vector<Parameter> parameters;
  for (const std::string& word : Words(text)) {
    Parameter parameter;
    const size_t colon = word.find(':'), equals = word.find('=', colon);
    parameter.name = word.substr(0, colon);
    parameter.type = word.substr(colon + 1, equals - colon - 1);
    parameter.required = equals == std::string::npos;
    if (!parameter.required) parameter.fallback = word.substr(equals + 1);
    if (!parameter.fallback.empty() && parameter.fallback.front() == '(') {
      parameter.implied = true;
      parameter.fallback = parameter.fallback.substr(1, parameter.fallback.size() - 2);
    }
    if (parameter.type.rfind("enum(", 0) == 0) {
      parameter.choices = Split(parameter.type.substr(5, parameter.type.size() - 6), '|');
      parameter.type = "enum";
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

}  // namespace

const std::vector<Model>& Models() {
  static const std::vector<Model> table = {
#define EIDA_MODEL(id, head, prefix, roles, help) \
  {#id, std::string(#head) == "language_model", prefix, ParseRoles(roles), help},
#include "common/catalog/models.def"
#undef EIDA_MODEL
  };
  return table;
}

const std::vector<Adapter>& Adapters() {
  static const std::vector<Adapter> table = {
#define EIDA_ADAPTER(id, name, parameters, help) {#id, name, ParseParameters(parameters), help},
#include "common/catalog/adapters.def"
#undef EIDA_ADAPTER
  };
  return table;
}

const std::vector<Task>& Tasks() {
  static const std::vector<Task> table = {
#define EIDA_TASK(id, learns, columns, labels, formats, metrics, text_metrics, help) \
  {#id,                                                                              \
   std::string(#learns) == "text",                                                   \
   ParseColumns(columns),                                                            \
   Words(labels),                                                                    \
   Words(formats),                                                                   \
   Words(metrics),                                                                   \
   Words(text_metrics),                                                              \
   help},
#include "common/catalog/tasks.def"
#undef EIDA_TASK
  };
  return table;
}

const std::vector<Format>& Formats() {
  static const std::vector<Format> table = {
#define EIDA_FORMAT(id, help) {#id, help},
#include "common/catalog/formats.def"
#undef EIDA_FORMAT
  };
  return table;
}

const std::vector<Metric>& Metrics() {
  static const std::vector<Metric> table = {
#define EIDA_METRIC(id, needs, direction, heading, help) \
  {#id,                                                  \
   std::string(#needs) == "labels",                      \
   std::string(#needs) == "smoothing",                   \
   std::string(#direction) == "maximize",                \
   heading,                                              \
   help},
#include "common/catalog/metrics.def"
#undef EIDA_METRIC
  };
  return table;
}

bool Gives(const Task& task, const Metric& metric) { return !metric.of_labels || !task.generates; }

std::vector<std::string> MetricsOf(const Task& task) {
  std::vector<std::string> ids;
  for (const Metric& metric : Metrics()) {
    if (Gives(task, metric)) ids.push_back(metric.id);
  }
  return ids;
}

const std::vector<GenerationMetric>& GenerationMetrics() {
  static const std::vector<GenerationMetric> table = {
#define EIDA_GENERATION_METRIC(id, parameters, largest, help) \
  {#id, ParseParameters(parameters), largest, help},
#include "common/catalog/generation_metrics.def"
#undef EIDA_GENERATION_METRIC
  };
  return table;
}

const std::vector<Analysis>& Analyses() {
  static const std::vector<Analysis> table = {
#define EIDA_ANALYSIS(id, reads, help) {#id, std::string(#reads) == "path", help},
#include "common/catalog/analyses.def"
#undef EIDA_ANALYSIS
  };
  return table;
}

const std::vector<AnalysisPreset>& AnalysisPresets() {
  static const std::vector<AnalysisPreset> table = {
#define EIDA_ANALYSIS_PRESET(id, reads, settings, help) \
  {#id, std::string(#reads) == "path", ParseParameters(settings), help},
#include "common/catalog/analysis_presets.def"
#undef EIDA_ANALYSIS_PRESET
  };
  return table;
}

const std::vector<SoupMethod>& SoupMethods() {
  static const std::vector<SoupMethod> table = {
#define EIDA_SOUP(id, reads, path_steps, parameters, heading, help) \
  {#id, std::string(#reads) == "factors", path_steps, ParseParameters(parameters), heading, help},
#include "common/catalog/soups.def"
#undef EIDA_SOUP
  };
  return table;
}

bool HasFactors(const std::string& adapter) { return adapter != "none" && adapter != "bitfit"; }

}  // namespace eida::catalog
