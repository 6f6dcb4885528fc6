#include <algorithm>

#include "client/output/format.h"
#include "client/results.h"

namespace eida::client {
namespace {

std::string Cell(const Json& object, const catalog::Metric& metric) {
  const auto found = object.find(metric.id);
  if (found == object.end() || !found->is_number()) return "-";
  const bool share = metric.heading.find('%') != std::string::npos;
  char text[32];
  snprintf(text, sizeof text, share ? "%.1f" : "%.4f", found->get<double>() * (share ? 100 : 1));
  return text;
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

}  // namespace

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
