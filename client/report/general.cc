// What every sweep has, in the sweep's own words: variants, analyses, soups, observations, texts.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "client/report/build.h"
#include "client/report/heat.h"
#include "client/report/observed.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace eida::report {
namespace {

// How a metric is shown: shares in %, by the catalogue's heading.
struct Shown {
  std::string heading;
  double factor = 1;
  int decimals = 3;
};
Shown ShownAs(const std::string& metric) {
  const catalog::Metric* known = catalog::Find(catalog::Metrics(), metric);
  if (known == nullptr) return {metric, 1, 3};
  const bool share = known->heading.find('%') != std::string::npos;
  return {known->heading, share ? 100.0 : 1.0, share ? 1 : metric == "loss" ? 4 : 2};
}

// The loss first, then by name.
std::vector<std::string> MetricsOf(const Study& study, const std::string& split) {
  std::set<std::string> names;
  for (const Model& model : study.models) {
    const auto scores = model.scores.find(split);
    if (scores == model.scores.end()) continue;
    for (const auto& [metric, value] : scores->second) names.insert(metric);
  }
  std::vector<std::string> metrics(names.begin(), names.end());
  std::stable_partition(metrics.begin(), metrics.end(),
                        [](const std::string& name) { return name == "loss"; });
  return metrics;
}

struct Variant {
  std::string name;
  std::vector<const Model*> models;
};
std::vector<Variant> VariantsOf(const Study& study) {
  std::vector<Variant> variants;
  for (const Model& model : study.models) {
    auto found = std::find_if(variants.begin(), variants.end(),
                              [&](const Variant& v) { return v.name == model.variant; });
    if (found == variants.end()) found = variants.insert(variants.end(), {model.variant, {}});
    found->models.push_back(&model);
  }
  return variants;
}

Sample ScoreOf(const Variant& variant, const std::string& split, const std::string& metric) {
  std::vector<double> values;
  for (const Model* model : variant.models) {
    const auto scores = model->scores.find(split);
    if (scores == model->scores.end()) continue;
    const auto value = scores->second.find(metric);
    if (value != scores->second.end()) values.push_back(value->second);
  }
  return SampleOf(values);
}

std::string RunsText(const Variant& variant) {
  const auto trained = std::count_if(variant.models.begin(), variant.models.end(),
                                     [](const Model* m) { return m->trained(); });
  const auto all = static_cast<int64_t>(variant.models.size());
  return std::to_string(trained) + (trained < all ? " of " + std::to_string(all) : "");
}

}  // namespace

Section VariantsSection(const Results& results) {
  const Study& study = results.study();
  if (study.models.empty()) return {"variants", "Variants", {}};
  Table table;
  table.id = "Variants";
  table.listed = false;
  table.caption = "All variants of the sweep: mean ± standard deviation over seeds";
  table.columns = {{"variant"}, {"way of training"}, {"runs"}};
  struct Score {
    std::string split, metric;
    Shown shown;
  };
  std::vector<Score> scores;
  std::vector<std::string> splits = {study.report_split};
  if (study.select_split != study.report_split) splits.push_back(study.select_split);
  for (const std::string& split : splits) {
    for (const std::string& metric : MetricsOf(study, split))
      scores.push_back({split, metric, ShownAs(metric)});
  }
  for (const Score& score : scores)
    table.columns.push_back({score.split + " " + score.shown.heading, Kind::kNumber});
  table.columns.push_back({"trained parameters", Kind::kNumber});
  table.columns.push_back({"of base, %", Kind::kNumber});
  for (const Variant& variant : VariantsOf(study)) {
    const Model& first = *variant.models.front();
    Row row{{Cell::Of(variant.name), Cell::Of(SettingLabel(first.adapter, first.rank)),
             Cell::Of(RunsText(variant))}};
    for (const Score& score : scores)
      row.cells.push_back(Cell::Of(ScoreOf(variant, score.split, score.metric),
                                   score.shown.decimals, score.shown.factor));
    row.cells.push_back(Cell::Of(SampleOf({static_cast<double>(first.trainable)}), 0));
    const double ratio = first.base > 0 ? 100.0 * static_cast<double>(first.trainable) /
                                              static_cast<double>(first.base)
                                        : NAN;
    row.cells.push_back(Cell::Of(SampleOf({ratio}), 3));
    table.rows.push_back(std::move(row));
  }
  std::string note = "Split " + study.report_split + " is reported";
  if (splits.size() > 1) note += ", choices are made on split " + study.select_split;
  std::map<std::string, int64_t> items;
  for (const Model& model : study.models) items.insert(model.items.begin(), model.items.end());
  for (const std::string& split : splits) {
    if (items.count(split) > 0)
      note += "; " + split + " has " + std::to_string(items[split]) + " items";
  }
  table.note = note + ". The deviation divides by n − 1.";
  return {"variants", "Variants", {table}};
}

Section AnalysesSection(const Study& study) {
  Section section{"analyses", "Pairs of models", {}};
  Table table;
  table.id = "Analyses";
  table.listed = false;
  table.caption = "Every pairwise analysis: mean ± standard deviation over its pairs";
  table.columns = {
      {"analysis"}, {"measure"}, {"over pairs", Kind::kNumber}, {"largest", Kind::kNumber},
      {"pairs"},    {"how"}};
  for (const Pairs& pairs : study.pairs) {
    Figure figure{"A-" + pairs.analysis, "", "", {HeatOf(pairs, WholePanel(pairs, study))}};
    figure.caption = MetricTitle(pairs.metric) + " between runs, by variant and seed.";
    figure.note = NoteOn(pairs) + ". " + MissingNote(figure.panels);
    std::vector<double> values;
    for (size_t i = 0; i < pairs.values.size(); ++i) {
      for (size_t j = i + 1; j < pairs.values[i].size(); ++j) values.push_back(pairs.values[i][j]);
    }
    const Sample sample = SampleOf(values);
    table.rows.push_back({{Cell::Of(pairs.analysis), Cell::Of(MetricTitle(pairs.metric)),
                           Cell::Of(sample, 4), Cell::Of(SampleOf({Largest(values)}), 4),
                           Cell::Of(std::to_string(sample.n)), Cell::Of(NoteOn(pairs))}});
    section.blocks.push_back(std::move(figure));
  }
  if (!table.rows.empty()) section.blocks.insert(section.blocks.begin(), table);
  return section;
}

Section SoupsSection(const Study& study) {
  Section section{"soups", "Soups", {}};
  for (const Soup& soup : study.soups) {
    Table table;
    table.id = "Soup-" + soup.name;
    table.caption = "Soup " + soup.name + " (" + soup.type + "), chosen on split " +
                    soup.select_split + ", reported on split " + soup.report_split;
    table.columns = {{"model"}};
    std::set<std::string> names;
    for (const SoupModel& model : soup.models) {
      for (const auto& [metric, value] : model.report) names.insert(metric);
      for (const auto& [metric, value] : model.select) names.insert(metric);
    }
    std::vector<std::string> metrics(names.begin(), names.end());
    std::stable_partition(metrics.begin(), metrics.end(),
                          [](const std::string& name) { return name == "loss"; });
    const bool apart = soup.select_split != soup.report_split;
    for (const std::string& split : {soup.select_split, soup.report_split}) {
      if (!apart && table.columns.size() > 1) break;
      for (const std::string& metric : metrics)
        table.columns.push_back({split + " " + ShownAs(metric).heading, Kind::kNumber});
    }
    for (const SoupModel& model : soup.models) {
      Row row{{Cell::Of(model.model)}};
      for (const Scores* scores : {&model.select, &model.report}) {
        if (!apart && scores == &model.select) continue;
        for (const std::string& metric : metrics) {
          const auto value = scores->find(metric);
          const Shown shown = ShownAs(metric);
          row.cells.push_back(
              Cell::Of(value == scores->end() ? SampleOf({}) : SampleOf({value->second}),
                       shown.decimals, shown.factor));
        }
      }
      table.rows.push_back(std::move(row));
    }
    if (soup.candidates > 0)
      table.note = std::to_string(soup.accepted) + " of " + std::to_string(soup.candidates) +
                   " candidates were taken in.";
    section.blocks.push_back(std::move(table));
    if (soup.search)
      section.blocks.push_back(
          Figure{"S-" + soup.name,
                 "The search of soup " + soup.name + ": every candidate that was tried.",
                 "",
                 {*soup.search}});
  }
  return section;
}

Section ObservationsSection(const Study& study) {
  Section section{"observations", "Observations", {}};
  for (const Observation& o : study.observations) {
    for (Figure figure : {ByLayer(o, "input", ""), ByLayer(o, "update", ""), BySequences(o)}) {
      if (!figure.panels.empty()) section.blocks.push_back(std::move(figure));
    }
    Table rule = RuleTable(o, "");
    if (!rule.rows.empty()) section.blocks.push_back(std::move(rule));
  }
  return section;
}

Section TextsSection(const Study& study) {
  Section section{"texts", "Generated texts", {}};
  if (study.examples.empty()) return section;
  Table table;
  table.id = "Texts";
  table.listed = false;
  table.caption = "The first texts of one run of each variant";
  table.columns = {{"run"}, {"source"}, {"text"}, {"a reference"}};
  for (const Example& example : study.examples)
    table.rows.push_back({{Cell::Of(example.run), Cell::Of(example.source), Cell::Of(example.text),
                           Cell::Of(example.reference)}});
  table.note = "All of them: eidactl texts RUN.";
  section.blocks.push_back(std::move(table));
  return section;
}

}  // namespace eida::report
