#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "client/arrange.h"
#include "client/results.h"
#include "client/usage.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

Result<Json> ArtifactJson(Api& api, const v1::Job& job, const std::string& name) {
  EIDA_ASSIGN_OR_RETURN(const v1::Artifact artifact, FindArtifact(job, name));
  EIDA_ASSIGN_OR_RETURN(const std::string text, api.Get(Digest(artifact.digest())));
  return ParseJson(text, job.name() + "/" + name);
}

std::string MetricOf(const v1::Job& job) {
  const Result<Json> spec = ParseJson(job.spec().empty() ? "{}" : job.spec(), job.name());
  return spec.ok() ? GetOr<std::string>(*spec, "metric", "") : "";
}

std::vector<std::string> AnalysisNames(const SweepData& data) {
  std::vector<std::string> names;
  for (const v1::Job& job : data.jobs) {
    if (job.kind() == v1::JOB_KIND_MATRIX) names.push_back(job.name().substr(7));
  }
  return names;
}

// The series that the sweep measured.
Result<std::vector<std::string>> SeriesNames(Api& api, const SweepData& data) {
  v1::ListMetricsRequest request;
  request.set_sweep(data.sweep.id());
  EIDA_ASSIGN_OR_RETURN(const v1::ListMetricsReply reply, api.ListMetrics(request));
  std::set<std::string> names;
  for (const v1::JobMetrics& metrics : reply.jobs()) {
    for (const v1::MetricPoint& point : metrics.points()) names.insert(point.series());
  }
  return std::vector<std::string>(names.begin(), names.end());
}

std::string Title(const std::string& metric) {
  if (metric == "cka") return "Linear CKA between runs";
  if (metric == "convexity_gap") return "Convexity gap between runs";
  if (metric == "barrier") return "Loss barrier between runs";
  if (metric == "error_barrier") return "Error barrier between runs";
  return metric;
}

std::string Subtitle(const Matrix& matrix, const std::string& sweep) {
  const Json detail = matrix.content.value("detail", Json::object());
  std::vector<std::string> parts = {sweep, "analysis " + matrix.analysis};
  const auto add = [&](const char* key, const std::string& label) {
    if (!detail.contains(key) || detail[key].is_null()) return;
    parts.push_back(
        label + (detail[key].is_string() ? detail[key].get<std::string>() : detail[key].dump()));
  };
  add("split", "split ");
  add("n", "n = ");
  add("alphas", "K = ");
  add("layer", "layer ");
  add("estimator", "");
  if (GetOr<std::string>(detail, "space", "merged") != "merged") add("space", "space ");
  if (const Json missing = matrix.content.value("missing", Json::array()); !missing.empty())
    parts.push_back(std::to_string(missing.size()) +
                    (missing.size() == 1 ? " pair missing" : " pairs missing"));
  return Join(parts, " · ");
}

}  // namespace

std::vector<double> Numbers(const Json& array) {
  std::vector<double> out;
  for (const Json& value : array)
    out.push_back(value.is_number() ? value.get<double>()
                                    : std::numeric_limits<double>::quiet_NaN());
  return out;
}

std::vector<std::string> MatrixMetrics(const SweepData& data) {
  std::vector<std::string> metrics;
  for (const v1::Job& job : data.jobs) {
    if (job.kind() != v1::JOB_KIND_MATRIX) continue;
    const std::string metric = MetricOf(job);
    if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end())
      metrics.push_back(metric);
  }
  return metrics;
}

Result<Matrix> LoadMatrix(Api& api, const SweepData& data, const std::string& analysis,
                          const std::string& metric, const std::string& layer) {
  const v1::Job* found = nullptr;
  for (const v1::Job& job : data.jobs) {
    if (job.kind() != v1::JOB_KIND_MATRIX) continue;
    const bool fits =
        analysis.empty() ? MetricOf(job) == metric : job.name() == "matrix/" + analysis;
    if (fits && (found == nullptr || found->state() != v1::JOB_STATE_SUCCEEDED)) found = &job;
  }
  if (found == nullptr) {
    const std::vector<std::string> have = MatrixMetrics(data);
    const std::string& asked = analysis.empty() ? metric : analysis;
    return NotFound("sweep " + data.Id() + " (" + data.sweep.name() + ") has no " +
                    (analysis.empty() ? "matrix of \"" : "analysis \"") + asked + "\"" +
                    Meant(asked, analysis.empty() ? have : AnalysisNames(data)) +
                    (have.empty() ? "; it has no analyses" : "; it has: " + Join(have, ", ")));
  }
  Matrix matrix;
  matrix.analysis = found->name().substr(7);
  matrix.metric = MetricOf(*found);
  EIDA_ASSIGN_OR_RETURN(matrix.content,
                        ArtifactJson(api, *found, layer.empty() ? "matrix" : "matrix/" + layer));
  matrix.labels = matrix.content.value("labels", std::vector<std::string>());
  for (const Json& row : matrix.content.value("values", Json::array()))
    matrix.values.push_back(Numbers(row));
  return matrix;
}

render::HeatMap ToHeatMap(const Matrix& matrix, const Arrangement& at,
                          const std::string& sweep_name) {
  render::HeatMap map;
  map.title = Title(matrix.metric);
  map.subtitle = Subtitle(matrix, sweep_name);
  const Json detail = matrix.content.value("detail", Json::object());
  map.value_label = matrix.metric == "cka"
                        ? "linear CKA (" + GetOr<std::string>(detail, "estimator", "unbiased") + ")"
                        : Join(Split(matrix.metric, '_'), " ") +
                              (matrix.metric == "error_barrier" ? "" : " (nats)");
  const auto variants = matrix.content.value("variants", std::vector<std::string>());
  std::vector<std::string> seeds;
  for (const Json& seed : matrix.content.value("seeds", Json::array()))
    seeds.push_back(seed.dump());
  // Blocks of equal variants with seeds in them; by seed the other way round; clusters have none.
  std::vector<std::string> groups = variants, labels = seeds;
  if (at.order == "seed") {
    groups.clear();
    for (const std::string& seed : seeds) groups.push_back("seed " + seed);
    labels = variants;
    map.label_name = "variant";
  } else if (at.order == "cluster") {
    groups.assign(matrix.labels.size(), "");
    labels = matrix.labels;
    map.label_name.clear();
  }
  map.groups = Arranged(at.rows, groups);
  map.labels = Arranged(at.rows, labels);
  if (!at.square) {
    map.column_groups = Arranged(at.columns, groups);
    map.column_labels = Arranged(at.columns, labels);
  }
  map.values = Arranged(at, matrix.values);
  map.scale = render::ScaleFor(matrix.metric, map.values);
  return map;
}

std::vector<std::string> MissingPairs(const Matrix& matrix) {
  std::map<std::string, int> reasons;
  for (const Json& pair : matrix.content.value("missing", Json::array()))
    ++reasons[GetOr<std::string>(pair, "reason", "the reason is not known")];
  std::vector<std::string> lines;
  for (const auto& [reason, pairs] : reasons)
    lines.push_back(std::to_string(pairs) + (pairs == 1 ? " pair is" : " pairs are") +
                    " missing: " + reason);
  return lines;
}

Result<render::LinePlot> CurvesPlot(Api& api, const SweepData& data, const std::string& series) {
  v1::ListMetricsRequest request;
  request.set_sweep(data.sweep.id());
  request.set_series(series);
  EIDA_ASSIGN_OR_RETURN(v1::ListMetricsReply reply, api.ListMetrics(request));
  std::map<int64_t, std::string> variant_of;
  std::vector<std::string> order;
  for (const v1::Run& run : data.runs) {
    variant_of[run.train_job()] = run.variant();
    if (std::find(order.begin(), order.end(), run.variant()) == order.end())
      order.push_back(run.variant());
    // A training that took over a twin's result has no points of its own.
    const v1::Job* job = data.JobOf(run.train_job());
    if (job == nullptr || job->reused_from() == 0) continue;
    v1::ListMetricsRequest twin;
    twin.set_job(job->reused_from());
    twin.set_series(series);
    EIDA_ASSIGN_OR_RETURN(const v1::ListMetricsReply points, api.ListMetrics(twin));
    variant_of[job->reused_from()] = run.variant();
    reply.MergeFrom(points);
  }
  std::map<std::string, std::map<int64_t, std::vector<double>>> by_variant;
  for (const v1::JobMetrics& metrics : reply.jobs()) {
    const auto variant = variant_of.find(metrics.job());
    if (variant == variant_of.end()) continue;
    for (const v1::MetricPoint& point : metrics.points())
      by_variant[variant->second][point.step()].push_back(point.value());
  }
  if (by_variant.empty()) {
    EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> have, SeriesNames(api, data));
    return NotFound("sweep " + data.Id() + " has no metric \"" + series + "\" of its own" +
                    Meant(series, have) + (have.empty() ? "" : "; it has: " + Join(have, ", ")) +
                    " (train/loss and train/lr are always there; others need eval.every)");
  }
  render::LinePlot plot;
  plot.title = series;
  plot.subtitle = data.sweep.name() + " · mean over seeds, band ± one standard deviation";
  plot.x_label = "step";
  plot.y_label = series;
  for (const std::string& variant : order) {
    if (by_variant.count(variant) == 0) continue;
    render::Series line{variant};
    for (const auto& [step, values] : by_variant[variant]) {
      double mean = 0, squares = 0;
      for (double v : values) mean += v / static_cast<double>(values.size());
      for (double v : values) squares += (v - mean) * (v - mean);
      const double deviation =
          values.size() < 2 ? 0 : std::sqrt(squares / static_cast<double>(values.size() - 1));
      line.x.push_back(static_cast<double>(step));
      line.y.push_back(mean);
      line.low.push_back(mean - deviation);
      line.high.push_back(mean + deviation);
    }
    plot.series.push_back(std::move(line));
  }
  return plot;
}

Result<render::LinePlot> PathPlot(Api& api, const SweepData& data, const std::string& run_a,
                                  const std::string& run_b) {
  const v1::Job* chosen = nullptr;
  double largest = -1;
  for (const v1::Job& job : data.jobs) {
    if (job.kind() != v1::JOB_KIND_PATH || job.state() != v1::JOB_STATE_SUCCEEDED) continue;
    if (!run_a.empty()) {
      if (job.name() == "path/" + run_a + "~" + run_b ||
          job.name() == "path/" + run_b + "~" + run_a)
        chosen = &job;
      continue;
    }
    const Result<Json> summary = ParseJson(job.summary(), job.name());
    const double gap = summary.ok() ? GetOr<double>(*summary, "convexity_gap", 0) : 0;
    if (gap > largest) largest = gap, chosen = &job;
  }
  if (chosen == nullptr) {
    return NotFound(
        run_a.empty()
            ? "the sweep has no finished path: add an analysis of type convexity_gap or barrier"
            : "the sweep has no finished path between " + run_a + " and " + run_b);
  }
  EIDA_ASSIGN_OR_RETURN(const Json curve, ArtifactJson(api, *chosen, "curve"));
  render::LinePlot plot;
  plot.title = "Loss along the line between two models";
  plot.subtitle = Join(Split(chosen->name().substr(5), '~'), " (α = 1)  to  ") +
                  " (α = 0) · n = " + curve.value("n", Json()).dump() + " · gap " +
                  FormatDouble(std::round(GetOr<double>(curve, "convexity_gap", 0) * 1e4) / 1e4);
  plot.x_label = "α";
  plot.y_label = "cross-entropy (nats)";
  render::Series line{"L(α)"}, chord{"chord"};
  line.x = Numbers(curve.value("alphas", Json::array()));
  line.y = Numbers(curve.value("loss", Json::array()));
  line.mark = render::Mark::kDisc;
  if (line.x.empty() || line.x.size() != line.y.size())
    return DataLoss("the curve of " + chosen->name() + " is damaged");
  chord.x = {line.x.front(), line.x.back()};
  chord.y = {line.y.front(), line.y.back()};
  chord.dashed = true;
  plot.shade_x = line.x;
  plot.shade_low = Numbers(curve.value("envelope", Json::array()));
  plot.shade_high = line.y;
  if (plot.shade_low.size() == line.x.size())
    plot.shade_label = "above the convex envelope";
  else
    plot.shade_x.clear();
  plot.series = {line, chord};
  return plot;
}

render::LinePlot SoupPlot(const Soup& soup) {
  render::LinePlot plot;
  plot.title = "Soup \"" + soup.name + "\": every candidate tried";
  plot.subtitle =
      "selection on split " + GetOr<std::string>(soup.content, "select_split", "select");
  plot.x_label = "candidate";
  const auto id = GetOr<std::string>(soup.content, "metric", "loss");
  const catalog::Metric* metric = catalog::Find(catalog::Metrics(), id);
  const bool share = metric != nullptr && metric->heading.find('%') != std::string::npos;
  plot.y_label = id == "loss" ? "loss (nats)" : metric != nullptr ? metric->heading : id;
  const auto value = [&](const Json& scores) {
    return GetOr<double>(scores, id.c_str(), std::numeric_limits<double>::quiet_NaN()) *
           (share ? 100 : 1);
  };
  render::Series best{"soup so far"}, accepted{"accepted"}, rejected{"rejected"};
  accepted.line = rejected.line = false;
  accepted.mark = render::Mark::kDisc;
  rejected.mark = render::Mark::kRing;
  const Json order = soup.content.value("order", Json::array());
  double now = order.empty() ? std::numeric_limits<double>::quiet_NaN() : value(order[0]);
  best.x.push_back(0), best.y.push_back(now);
  double at = 0;
  for (const Json& step : soup.content.value("trace", Json::array())) {
    const bool yes = GetOr<bool>(step, "accepted", false);
    (yes ? accepted : rejected).x.push_back(++at);
    (yes ? accepted : rejected).y.push_back(value(step));
    if (yes) now = value(step);
    best.x.push_back(at), best.y.push_back(now);
  }
  plot.series = {best, accepted, rejected};
  for (const Json& row : soup.content.value("table", Json::array())) {
    const Json select = row.value("select", Json::object());
    if (select.contains(id) && select[id].is_number())
      plot.references.push_back({GetOr<std::string>(row, "model", "?"), value(select)});
  }
  return plot;
}

}  // namespace eida::client
