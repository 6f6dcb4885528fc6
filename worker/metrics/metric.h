// Metrics of generated texts: pure functions of texts and references. Each is one line of
// common/catalog/generation_metrics.def and the file metrics/<id>.cc with Metric_<id>.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"
#include "worker/metrics/corpus.h"

namespace eida::metrics {

struct Score {
  std::string metric;  // its id
  double value = 0;    // on the scale of the metric's reference implementation
  // Numbers that the value is made of, in the order in which a reader wants them.
  std::vector<std::pair<std::string, double>> parts;
  std::vector<double> items;  // of each item, where the metric has such a thing; else empty
  // All that another person must know to get the same value, in sacrebleu's manner.
  std::string signature;
};

// A metric that somebody asked for.
struct Wanted {
  std::string id;
  Json options = Json::object();  // of the metric; absent ones have their defaults
};

// From `"bleu"` or `{"metric": "bleu", "tokenize": "none"}`. InvalidArgument naming the metric or
// the option that does not exist, the value that is none of its kind, and what may stand there: all
// that can be wrong before there are texts.
Result<Wanted> ReadWanted(const Json& json);

// One score for each of `wanted`, in their order. InvalidArgument as CorpusOf and ReadWanted, and
// where a metric has no value for these texts, with its name in front.
Result<std::vector<Score>> MetricsOf(const std::vector<Wanted>& wanted, const Texts& texts);
Result<Score> MetricOf(const Wanted& wanted, const Texts& texts);

// Of the table, in its order.
std::vector<std::string> MetricNames();

}  // namespace eida::metrics
