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

std::vector<Variant> Collect(const SweepData& data, const std::string& select,
                             const std::string& report) {
  std::vector<Variant> variants;
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
         {std::pair<std::string, std::string>{"select", select}, {"report", report}}) {
      const Json scores = SummaryOf(data.FindJob("evaluate/" + run.name() + "/" + split));
      for (const char* metric : {"loss", "accuracy", "f1"}) {
        if (scores.contains(metric))
          v.values[role + "/" + metric].Add(GetOr<double>(scores, metric, 0));
      }
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

}  // namespace

Evaluation EvaluationOf(const SweepData& data) {
  const Result<Json> resolved =
      ParseJson(data.sweep.resolved().empty() ? "{}" : data.sweep.resolved(), "resolved");
  const Json eval = resolved.ok() ? resolved->value("eval", Json::object()) : Json::object();
  Evaluation out;
  out.metric = GetOr<std::string>(eval, "metric", out.metric);
  out.split = GetOr<std::string>(eval, "split", out.split);
  out.report = GetOr<std::string>(eval, "report", out.split);
  return out;
}

SummaryTable Summarise(const SweepData& data, bool times) {
  const Evaluation evaluation = EvaluationOf(data);
  const std::string& select = evaluation.split;
  const std::string& report = evaluation.report;
  SummaryTable out;
  using render::Align;
  out.table.columns = {{"variant"},
                       {"runs", Align::kRight},
                       {report + " loss", Align::kRight},
                       {report + " acc %", Align::kRight},
                       {report + " f1 %", Align::kRight}};
  if (select != report) out.table.columns.push_back({select + " acc %", Align::kRight});
  out.table.columns.push_back({"trainable", Align::kRight});
  out.table.columns.push_back({"of base", Align::kRight});
  if (times) out.table.columns.push_back({"train s", Align::kRight});
  Json rows = Json::array();
  for (Variant& v : Collect(data, select, report)) {
    Series accuracy, f1, select_accuracy;
    for (double a : v.values["report/accuracy"].values) accuracy.Add(100 * a);
    for (double a : v.values["report/f1"].values) f1.Add(100 * a);
    for (double a : v.values["select/accuracy"].values) select_accuracy.Add(100 * a);
    std::vector<std::string> cells = {
        v.name,
        std::to_string(v.succeeded) + (v.succeeded < v.runs ? "/" + std::to_string(v.runs) : ""),
        v.values["report/loss"].Text("%.4f"), accuracy.Text("%.1f"), f1.Text("%.1f")};
    if (select != report) cells.push_back(select_accuracy.Text("%.1f"));
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
  out.json = {
      {"sweep", data.sweep.name()}, {"select", select}, {"report", report}, {"variants", rows}};
  return out;
}

Result<std::vector<Soup>> LoadSoups(Api& api, const SweepData& data) {
  std::vector<Soup> soups;
  for (const v1::Job& job : data.jobs) {
    if (job.kind() != v1::JOB_KIND_SOUP || job.state() != v1::JOB_STATE_SUCCEEDED) continue;
    EIDA_ASSIGN_OR_RETURN(const v1::Artifact artifact, FindArtifact(job, "soup"));
    EIDA_ASSIGN_OR_RETURN(const std::string text, api.Get(Digest(artifact.digest())));
    EIDA_ASSIGN_OR_RETURN(Json content, ParseJson(text, job.name()));
    soups.push_back({job.name().substr(5), std::move(content)});
  }
  return soups;
}

namespace {

std::string Cell(const Json& object, const char* key, bool percent) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return "-";
  char text[32];
  snprintf(text, sizeof text, percent ? "%.1f" : "%.4f",
           found->get<double>() * (percent ? 100 : 1));
  return text;
}

}  // namespace

render::Table SoupTable(const Json& soup) {
  using render::Align;
  const std::string select = GetOr<std::string>(soup, "select_split", "select"),
                    report = GetOr<std::string>(soup, "report_split", "report");
  render::Table table{{{"model"},
                       {select + " loss", Align::kRight},
                       {select + " acc %", Align::kRight},
                       {report + " loss", Align::kRight},
                       {report + " acc %", Align::kRight},
                       {report + " f1 %", Align::kRight}},
                      {}};
  for (const Json& row : soup.value("table", Json::array())) {
    const Json s = row.value("select", Json::object()), r = row.value("report", Json::object());
    table.rows.push_back({GetOr<std::string>(row, "model", "?"), Cell(s, "loss", false),
                          Cell(s, "accuracy", true), Cell(r, "loss", false),
                          Cell(r, "accuracy", true), Cell(r, "f1", true)});
  }
  return table;
}

render::Table SoupTrace(const Json& soup) {
  using render::Align;
  render::Table table{{{"#", Align::kRight},
                       {"member"},
                       {"alpha", Align::kRight},
                       {"loss", Align::kRight},
                       {"acc %", Align::kRight},
                       {"accepted"}},
                      {}};
  int number = 0;
  for (const Json& step : soup.value("trace", Json::array())) {
    char alpha[16];
    snprintf(alpha, sizeof alpha, "%.1f", GetOr<double>(step, "alpha", 0));
    table.rows.push_back({std::to_string(++number), GetOr<std::string>(step, "member", "?"), alpha,
                          Cell(step, "loss", false), Cell(step, "accuracy", true),
                          GetOr<bool>(step, "accepted", false) ? "yes" : ""});
  }
  return table;
}

}  // namespace eida::client
