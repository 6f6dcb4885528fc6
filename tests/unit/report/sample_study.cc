#include "tests/unit/report/sample_study.h"

#include <cmath>
#include <limits>

namespace eida::report {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kSeeds[] = {1, 2, 69};

void AddVariant(Study& study, const std::string& name, const std::string& adapter, int64_t rank,
                double accuracy) {
  for (size_t s = 0; s < 3; ++s) {
    Model model;
    model.run = name + "/seed" + std::to_string(kSeeds[s]);
    model.variant = name;
    model.seed = kSeeds[s];
    model.adapter = adapter;
    model.rank = rank;
    model.base = 1000;
    model.trainable = adapter == "none" ? 1000 : 10 * rank;
    model.state = "succeeded";
    const double own = accuracy + 0.01 * static_cast<double>(s);
    for (const char* split : {"select", "report"}) {
      model.scores[split] = {{"accuracy", own}, {"f1", own - 0.1}, {"loss", 1 - own}};
      model.items[split] = 40;
    }
    study.models.push_back(model);
  }
}

std::vector<std::vector<double>> Nothing(size_t n) {
  return std::vector<std::vector<double>>(n, std::vector<double>(n, kNone));
}

Pairs MakePairs(const Study& study, const std::string& analysis, const std::string& metric) {
  Pairs pairs;
  pairs.analysis = analysis;
  pairs.metric = metric;
  pairs.split = "report";
  pairs.items = 40;
  const bool cka = metric == "cka";
  pairs.points = cka ? 0 : 11;
  if (cka) pairs.estimator = "unbiased", pairs.layer = "last";
  const size_t n = study.models.size();
  pairs.values = Nothing(n);
  (cka ? pairs.biased : pairs.relative) = Nothing(n);
  for (size_t i = 0; i < n; ++i) {
    pairs.members.push_back(i);
    for (size_t j = 0; j < n; ++j) {
      const Model &a = study.models[i], &b = study.models[j];
      const bool full = a.adapter == "none", ranks = !full && b.adapter == "lora";
      double value = kNone;
      if (i == j) {
        value = cka ? 1 : 0;
      } else if (a.variant == b.variant) {
        const bool with_69 = a.seed == 69 || b.seed == 69;
        value = cka    ? (full ? 0.7 : 0.6 - 0.01 * static_cast<double>(a.rank))
                : full ? (with_69 ? 0.015 : 0.01)
                       : 0.001 * static_cast<double>(a.rank);
      } else if (ranks && a.seed == b.seed) {
        value = cka ? 0.65 : 0.004;
      } else if (ranks) {
        value = cka ? 0.2 : 0.3;
      }
      pairs.values[i][j] = value;
      if (cka)
        pairs.biased[i][j] = value + (ranks && a.variant == b.variant ? 0.1 : 0.05);
      else
        pairs.relative[i][j] = 2 * value;
    }
  }
  return pairs;
}

}  // namespace

size_t ModelAt(const Study& study, const std::string& variant, int64_t seed) {
  for (size_t m = 0; m < study.models.size(); ++m) {
    if (study.models[m].variant == variant && study.models[m].seed == seed) return m;
  }
  return study.models.size();
}

Study SampleStudy() {
  Study study;
  study.id = "s3";
  study.name = "sample";
  study.state = "succeeded";
  study.task = "classification";
  study.architecture = "bert";
  study.model_path = "models/tiny";
  study.data_name = "reviews.tsv";
  study.metric = "accuracy";
  study.select_split = "select";
  study.report_split = "report";
  AddVariant(study, "c-worse", "lora", 8, 0.60);
  AddVariant(study, "base", "none", 0, 0.80);
  AddVariant(study, "c", "lora", 8, 0.75);
  AddVariant(study, "a", "lora", 1, 0.70);
  AddVariant(study, "b", "lora", 2, 0.71);
  study.pairs = {MakePairs(study, "cka", "cka"), MakePairs(study, "gap", "convexity_gap")};
  Soup soup{"greedy", "greedy", "select", "report", 12, 3, {}, std::nullopt};
  soup.models = {{"greedy soup", {{"loss", 0.20}}, {{"loss", 0.21}, {"accuracy", 0.79}}},
                 {"best single", {{"loss", 0.22}}, {{"loss", 0.23}, {"accuracy", 0.78}}}};
  study.soups = {soup};
  study.jobs = study.jobs_done = 40;
  study.provenance.sweep_file = "name: sample\n";
  study.provenance.client_version = "0.1.0";
  return study;
}

}  // namespace eida::report
