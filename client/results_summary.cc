#include <algorithm>
#include <cmath>
#include <map>

#include "client/output/format.h"
#include "client/results.h"

namespace eida::client {
namespace {

struct Series {
  std::vector<double> values;
  void Add(double value) { values.push_back(value); }
  double Mean() const {
    double sum = 0;
    for (double v : values) sum += v;
    return sum / static_cast<double>(values.size());
  }
  // With n - 1; 0 for a single value.
  double Deviation() const {
    if (values.size() < 2) return 0;
    double squares = 0;
    const double mean = Mean();
    for (double v : values) squares += (v - mean) * (v - mean);
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
  }
  Json ToJson() const {
    return values.empty() ? Json(nullptr)
                          : Json{{"mean", Mean()},
                                 {"std", Deviation()},
                                 {"n", values.size()},
                                 {"values", values}};
  }
  std::string Text(const char* format) const {
    if (values.empty()) return "-";
    char mean[32], deviation[32];
    snprintf(mean, sizeof mean, format, Mean());
    snprintf(deviation, sizeof deviation, format, Deviation());
    return values.size() < 2 ? mean : std::string(mean) + " ± " + deviation;
  }
};

struct Variant {
  std::string name;
  int64_t runs = 0, succeeded = 0, trainable = 0, base = 0;
  std::map<std::string, Series> values;  // "report/accuracy", "seconds", ..
};

Json SummaryOf(const v1::Job* job) {
  if (job == nullptr || job->state() != v1::JOB_STATE_SUCCEEDED) return Json::object();
  const Result<Json> summary = ParseJson(job->summary(), "summary");
  return summary.ok() ? *summary : Json::object();
}

// `values` gets those of the metrics that the job measured, under `role`.
void Measured(const v1::Job* job, const std::vector<std::string>& metrics, const std::string& role,
              std::map<std::string, Series>& values) {
  const Json scores = SummaryOf(job);
  for (const std::string& metric : metrics) {
    if (scores.contains(metric))
      values[role + "/" + metric].Add(GetOr<double>(scores, metric.c_str(), 0));
  }
}

std::vector<Variant> Collect(const SweepData& data, const Evaluation& evaluation) {
  std::vector<Variant> variants;
  std::vector<std::string> of_items;
  for (const catalog::Metric* metric : evaluation.of_items) of_items.push_back(metric->id);
  std::map<int64_t, const v1::Job*> by_id;
  for (const v1::Job& job : data.jobs) by_id[job.id()] = &job;
  for (const v1::Run& run : data.runs) {
    if (variants.empty() || variants.back().name != run.variant())
      variants.push_back(
          {run.variant(), 0, 0, run.trainable_parameters(), run.base_parameters(), {}});
    Variant& v = variants.back();
    ++v.runs;
    const auto train = by_id.find(run.train_job());
    const Json trained = SummaryOf(train == by_id.end() ? nullptr : train->second);
    if (!trained.empty()) ++v.succeeded;
    if (trained.contains("seconds")) v.values["seconds"].Add(GetOr<double>(trained, "seconds", 0));
    if (trained.contains("items_per_second"))
      v.values["items_per_second"].Add(GetOr<double>(trained, "items_per_second", 0));
    for (const auto& [role, split] :
         {std::pair<std::string, std::string>{"select", evaluation.split},
          {"report", evaluation.report}}) {
      Measured(data.FindJob("evaluate/" + run.name() + "/" + split), of_items, role, v.values);
      Measured(data.FindJob("generate/" + run.name() + "/" + split), evaluation.of_texts, role,
               v.values);
    }
  }
  return variants;
}

std::string Grouped(int64_t n) {
  std::string digits = std::to_string(n);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string Ratio(const Variant& v) {
  if (v.base == 0) return "-";
  char text[32];
  snprintf(text, sizeof text, "%.3f%%",
           100.0 * static_cast<double>(v.trainable) / static_cast<double>(v.base));
  return text;
}

// A column of one metric, as its values are shown.
struct Column {
  std::string key, heading;  // key: of Variant::values
  const char* format = "%.4f";
  bool share = false;  // shown times 100
  std::string Cell(const Variant& v) const {
    const auto found = v.values.find(key);
    if (found == v.values.end()) return "-";
    Series shown;
    for (const double value : found->second.values) shown.Add(share ? 100 * value : value);
    return shown.Text(format);
  }
};

Column OfItems(const catalog::Metric& metric, const std::string& role, const std::string& split) {
  const bool share = metric.heading.find('%') != std::string::npos;
  return {role + "/" + metric.id, split + " " + metric.heading, share ? "%.1f" : "%.4f", share};
}

// All of the reported split; of the one that choices are made on the first that is not the loss.
std::vector<Column> ColumnsOf(const Evaluation& e) {
  std::vector<Column> columns;
  for (const catalog::Metric* metric : e.of_items)
    columns.push_back(OfItems(*metric, "report", e.report));
  for (const std::string& id : e.of_texts) columns.push_back({"report/" + id, e.report + " " + id});
  if (e.split == e.report || e.of_items.empty()) return columns;
  const auto other = std::find_if(e.of_items.begin(), e.of_items.end(),
                                  [](const catalog::Metric* m) { return m->id != "loss"; });
  columns.push_back(
      OfItems(other == e.of_items.end() ? *e.of_items.front() : **other, "select", e.split));
  return columns;
}

// The task's, and what the sweep asks for beside them.
std::vector<const catalog::Metric*> Shown(const catalog::Task& task, const std::string& asked,
                                          bool smoothed) {
  std::vector<const catalog::Metric*> shown;
  for (const std::string& id : task.metrics) shown.push_back(catalog::Find(catalog::Metrics(), id));
  for (const catalog::Metric& metric : catalog::Metrics()) {
    const bool there = std::ranges::count(shown, &metric) > 0;
    if (!there && (metric.id == asked || (metric.of_smoothing && smoothed)))
      shown.push_back(&metric);
  }
  return shown;
}

}  // namespace

Evaluation EvaluationOf(const SweepData& data) {
  const Result<Json> resolved =
      ParseJson(data.sweep.resolved().empty() ? "{}" : data.sweep.resolved(), "resolved");
  const Json eval = resolved.ok() ? resolved->value("eval", Json::object()) : Json::object();
  Evaluation out;
  out.metric = GetOr<std::string>(eval, "metric", out.metric);
  out.split = GetOr<std::string>(eval, "split", out.split);
  out.report = GetOr<std::string>(eval, "report", out.split);
  const Json content = resolved.ok() ? resolved->value("data", Json::object()) : Json::object();
  const catalog::Task* task =
      catalog::Find(catalog::Tasks(), GetOr<std::string>(content, "task", "classification"));
  if (task == nullptr) return out;
  for (const catalog::Metric* metric : Shown(*task, out.metric, eval.contains("label_smoothing")))
    out.of_items.push_back(metric);
  const Json generate = eval.value("generate", Json::object());
  for (const Json& metric : generate.value("metrics", Json::array()))
    out.of_texts.push_back(GetOr<std::string>(metric, "metric", ""));
  return out;
}

SummaryTable Summarise(const SweepData& data, bool times) {
  const Evaluation evaluation = EvaluationOf(data);
  const std::vector<Column> columns = ColumnsOf(evaluation);
  SummaryTable out;
  using render::Align;
  out.table.columns = {{"variant"}, {"runs", Align::kRight}};
  for (const Column& column : columns) out.table.columns.push_back({column.heading, Align::kRight});
  out.table.columns.push_back({"trainable", Align::kRight});
  out.table.columns.push_back({"of base", Align::kRight});
  if (times) out.table.columns.push_back({"train s", Align::kRight});
  Json rows = Json::array();
  for (Variant& v : Collect(data, evaluation)) {
    std::vector<std::string> cells = {
        v.name,
        std::to_string(v.succeeded) + (v.succeeded < v.runs ? "/" + std::to_string(v.runs) : "")};
    for (const Column& column : columns) cells.push_back(column.Cell(v));
    cells.push_back(Grouped(v.trainable));
    cells.push_back(Ratio(v));
    if (times) cells.push_back(v.values["seconds"].Text("%.1f"));
    out.table.rows.push_back(std::move(cells));
    Json row = {{"variant", v.name},
                {"runs", v.runs},
                {"succeeded", v.succeeded},
                {"trainable_parameters", v.trainable},
                {"base_parameters", v.base}};
    for (const auto& [name, series] : v.values) {
      const bool time = name == "seconds" || name == "items_per_second";
      if (times || !time) row[name] = series.ToJson();
    }
    rows.push_back(std::move(row));
  }
  out.json = {{"sweep", data.sweep.name()},
              {"select", evaluation.split},
              {"report", evaluation.report},
              {"variants", rows}};
  return out;
}

}  // namespace eida::client
