#include "common/base/digest.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "worker/metrics/metric.h"

namespace eida::metrics {

#define EIDA_GENERATION_METRIC(id, options, largest, help) \
  Result<Score> Metric_##id(const Corpus& corpus, const Json& options_given);
#include "common/catalog/generation_metrics.def"
#undef EIDA_GENERATION_METRIC

namespace {

struct Entry {
  const char* id;
  Result<Score> (*of)(const Corpus&, const Json&);
};
constexpr Entry kMetrics[] = {
#define EIDA_GENERATION_METRIC(id, options, largest, help) {#id, Metric_##id},
#include "common/catalog/generation_metrics.def"
#undef EIDA_GENERATION_METRIC
};

// Behind the name of something that there is not.
std::string MeantOrKnown(const std::string& word, const std::vector<std::string>& known) {
  const std::string meant = Meant(word, known);
  return meant.empty() ? "; it is one of: " + Join(known, ", ") : meant;
}

Status CheckValue(const catalog::Parameter& parameter, const Json& value) {
  const auto wrong = [&](const std::string& kind) {
    return InvalidArgument(parameter.name + " is " + value.dump() + ": it is " + kind);
  };
  if (parameter.type == "flag") return value.is_boolean() ? OkStatus() : wrong("true or false");
  if (parameter.type == "number") return value.is_number() ? OkStatus() : wrong("a number");
  if (parameter.type == "enum") {
    for (const std::string& choice : parameter.choices) {
      if (value == choice) return OkStatus();
    }
    return wrong("one of " + Join(parameter.choices, ", "));
  }
  if (parameter.type == "digest")
    return value.is_string() && IsDigest(value.get<std::string>())
               ? OkStatus()
               : wrong("a SHA-256: 64 lower-case hex digits");
  return Internal("an option of type " + parameter.type + " has no check");
}

Status CheckOptions(const catalog::GenerationMetric& metric, const Json& options) {
  std::vector<std::string> known;
  for (const auto& parameter : metric.parameters) known.push_back(parameter.name);
  if (!options.is_object()) return InvalidArgument("its options are no object");
  for (const auto& [key, value] : options.items()) {
    const auto* parameter = [&]() -> const catalog::Parameter* {
      for (const auto& each : metric.parameters) {
        if (each.name == key) return &each;
      }
      return nullptr;
    }();
    if (parameter == nullptr)
      return InvalidArgument("unknown option \"" + key + "\"" +
                             (known.empty() ? "; it has none" : MeantOrKnown(key, known)));
    EIDA_RETURN_IF_ERROR(CheckValue(*parameter, value));
  }
  for (const auto& parameter : metric.parameters) {
    if (parameter.required && !options.contains(parameter.name))
      return InvalidArgument("option \"" + parameter.name + "\" is missing");
  }
  return OkStatus();
}

Result<const Entry*> Find(const Wanted& wanted) {
  const auto* metric = catalog::Find(catalog::GenerationMetrics(), wanted.id);
  if (metric == nullptr)
    return InvalidArgument("unknown metric of texts \"" + wanted.id + "\"" +
                           MeantOrKnown(wanted.id, MetricNames()));
  const Status options = CheckOptions(*metric, wanted.options);
  if (!options.ok()) return Annotate(options, "metric " + wanted.id);
  for (const Entry& entry : kMetrics) {
    if (wanted.id == entry.id) return &entry;
  }
  return Internal("metric " + wanted.id + " is in the catalog and not in the registry");
}

Result<Score> Compute(const Entry& entry, const Corpus& corpus, const Json& options) {
  Result<Score> score = entry.of(corpus, options);
  if (!score.ok()) return Annotate(score.status(), std::string("metric ") + entry.id);
  score->metric = entry.id;
  return score;
}

}  // namespace

std::vector<std::string> MetricNames() { return catalog::Ids(catalog::GenerationMetrics()); }

Result<Wanted> ReadWanted(const Json& json) {
  Wanted wanted;
  if (json.is_string()) {
    wanted.id = json.get<std::string>();
  } else if (json.is_object() && json.contains("metric") && json.at("metric").is_string()) {
    wanted.options = json;
    wanted.id = json.at("metric").get<std::string>();
    wanted.options.erase("metric");
  } else {
    return InvalidArgument(
        "a metric is its name, or an object of \"metric\" and its options: got " +
        Ellipsis(json.dump(), 80));
  }
  EIDA_ASSIGN_OR_RETURN(const Entry* entry, Find(wanted));
  // Options that do not go together are the metric's to know: it says so of any text.
  EIDA_RETURN_IF_ERROR(Compute(*entry, {{U"a"}, {{U"a"}}}, wanted.options).status());
  return wanted;
}

Result<std::vector<Score>> MetricsOf(const std::vector<Wanted>& wanted, const Texts& texts) {
  std::vector<const Entry*> entries;
  for (const Wanted& each : wanted) {
    EIDA_ASSIGN_OR_RETURN(const Entry* entry, Find(each));
    entries.push_back(entry);
  }
  EIDA_ASSIGN_OR_RETURN(const Corpus corpus, CorpusOf(texts));
  std::vector<Score> scores;
  for (size_t i = 0; i < wanted.size(); ++i) {
    EIDA_ASSIGN_OR_RETURN(Score score, Compute(*entries[i], corpus, wanted[i].options));
    scores.push_back(std::move(score));
  }
  return scores;
}

Result<Score> MetricOf(const Wanted& wanted, const Texts& texts) {
  EIDA_ASSIGN_OR_RETURN(std::vector<Score> scores, MetricsOf({wanted}, texts));
  return std::move(scores.front());
}

}  // namespace eida::metrics
