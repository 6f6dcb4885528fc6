#include <algorithm>

#include "client/output/format.h"
#include "client/results.h"

namespace eida::client {
namespace {

std::string Number(const Json& object, const std::string& id, bool share) {
  const auto found = object.find(id);
  if (found == object.end() || !found->is_number()) return "-";
  char text[32];
  snprintf(text, sizeof text, share ? "%.1f" : "%.4f", found->get<double>() * (share ? 100 : 1));
  return text;
}

std::string Cell(const Json& object, const catalog::Metric& metric) {
  return Number(object, metric.id, metric.heading.find('%') != std::string::npos);
}

// Those of the items that `scores` has, the loss first.
std::vector<const catalog::Metric*> MetricsIn(const Json& scores) {
  std::vector<const catalog::Metric*> metrics;
  for (const catalog::Metric& metric : catalog::Metrics()) {
    if (!scores.is_object() || !scores.contains(metric.id)) continue;
    metrics.insert(metric.id == "loss" ? metrics.begin() : metrics.end(), &metric);
  }
  return metrics;
}

// Scores of what a model wrote for the soup's reported split, where the sweep lets models write.
void AddTexts(const SweepData& data, const std::string& model, const std::string& split,
              Json* scores) {
  const v1::Job* job = data.FindJob("generate/" + model + "/" + split);
  if (job == nullptr || job->state() != v1::JOB_STATE_SUCCEEDED) return;
  const Result<Json> summary = ParseJson(job->summary(), job->name());
  if (!summary.ok()) return;
  for (const catalog::GenerationMetric& metric : catalog::GenerationMetrics()) {
    if (summary->contains(metric.id)) (*scores)[metric.id] = (*summary)[metric.id];
  }
}

// The soup itself and the best single model write; the others of its table are no models of their
// own or are soups of their own.
void AddTexts(const SweepData& data, const std::string& name, Json* soup) {
  const auto type = GetOr<std::string>(*soup, "type", ""),
             split = GetOr<std::string>(*soup, "report_split", "");
  const catalog::SoupMethod* method = catalog::Find(catalog::SoupMethods(), type);
  if (method == nullptr || !soup->contains("table")) return;
  for (Json& row : (*soup)["table"]) {
    if (row.value("model", "") == method->heading)
      AddTexts(data, "soup/" + name, split, &row["report"]);
    else if (row.contains("member"))
      AddTexts(data, row["member"].get<std::string>(), split, &row["report"]);
  }
}

}  // namespace

Result<std::vector<Soup>> LoadSoups(Api& api, const SweepData& data) {
  std::vector<Soup> soups;
  for (const v1::Job& job : data.jobs) {
    if (job.kind() != v1::JOB_KIND_SOUP || job.state() != v1::JOB_STATE_SUCCEEDED) continue;
    EIDA_ASSIGN_OR_RETURN(const v1::Artifact artifact, FindArtifact(job, "soup"));
    EIDA_ASSIGN_OR_RETURN(const std::string text, api.Get(Digest(artifact.digest())));
    EIDA_ASSIGN_OR_RETURN(Json content, ParseJson(text, job.name()));
    const std::string name = job.name().substr(5);
    AddTexts(data, name, &content);
    soups.push_back({name, std::move(content)});
  }
  return soups;
}

render::Table SoupTable(const Json& soup) {
  const Json models = soup.value("table", Json::array());
  render::Table table{{{"model"}}, {}};
  table.rows.resize(models.size());
  for (size_t i = 0; i < models.size(); ++i)
    table.rows[i].push_back(GetOr<std::string>(models[i], "model", "?"));
  for (const char* role : {"select", "report"}) {
    const std::string split =
        GetOr<std::string>(soup, (std::string(role) + "_split").c_str(), role);
    if (models.empty()) break;
    for (const catalog::Metric* metric : MetricsIn(models.front().value(role, Json::object()))) {
      // One of the labels' is enough beside what is chosen by.
      if (metric->of_labels && metric->id != "accuracy" && std::string(role) == "select") continue;
      table.columns.push_back({split + " " + metric->heading, render::Align::kRight});
      for (size_t i = 0; i < models.size(); ++i)
        table.rows[i].push_back(Cell(models[i].value(role, Json::object()), *metric));
    }
  }
  const std::string split = GetOr<std::string>(soup, "report_split", "report");
  for (const catalog::GenerationMetric& metric : catalog::GenerationMetrics()) {
    const auto has = [&](const Json& model) {
      return model.value("report", Json::object()).contains(metric.id);
    };
    if (std::none_of(models.begin(), models.end(), has)) continue;
    table.columns.push_back({split + " " + metric.id, render::Align::kRight});
    for (size_t i = 0; i < models.size(); ++i)
      table.rows[i].push_back(Number(models[i].value("report", Json::object()), metric.id, false));
  }
  return table;
}

render::Table SoupTrace(const Json& soup) {
  using render::Align;
  const Json trace = soup.value("trace", Json::array());
  const std::vector<const catalog::Metric*> metrics =
      MetricsIn(trace.empty() ? Json::object() : trace.front());
  render::Table table{{{"#", Align::kRight}, {"member"}, {"alpha", Align::kRight}}, {}};
  for (const catalog::Metric* metric : metrics)
    table.columns.push_back({metric->heading, Align::kRight});
  table.columns.push_back({"accepted"});
  for (const Json& step : trace) {
    char alpha[16];
    snprintf(alpha, sizeof alpha, "%.4g", GetOr<double>(step, "alpha", 0));
    std::vector<std::string> cells = {std::to_string(table.rows.size() + 1),
                                      GetOr<std::string>(step, "member", "?"), alpha};
    for (const catalog::Metric* metric : metrics) cells.push_back(Cell(step, *metric));
    cells.push_back(GetOr<bool>(step, "accepted", false) ? "yes" : "");
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace eida::client
