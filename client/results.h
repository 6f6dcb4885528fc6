// What a sweep found: tables and pictures out of its jobs' summaries and artifacts. Wall times
// stand apart, so that the rest is equal whenever the study is equal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/select.h"
#include "common/base/json.h"
#include "common/catalog/catalog.h"
#include "common/render/heatmap.h"
#include "common/render/plot.h"
#include "common/render/table.h"

namespace eida::client {

// What the sweep evaluates on, out of its resolved file.
struct Evaluation {
  std::string metric = "accuracy", split = "select", report = "select";
  std::vector<const catalog::Metric*> of_items;  // that its task gives
  std::vector<std::string> of_texts;             // that the sweep asks for, by id
};
Evaluation EvaluationOf(const SweepData& data);

struct SummaryTable {
  render::Table table;
  Json json;
};
// Mean +- standard deviation (n - 1) over the seeds of each variant. `times` adds columns that
// differ from run to run.
SummaryTable Summarise(const SweepData& data, bool times);

struct Soup {
  std::string name;
  Json content;  // eida/soup/v1
};
Result<std::vector<Soup>> LoadSoups(Api& api, const SweepData& data);
render::Table SoupTable(const Json& soup);
render::Table SoupTrace(const Json& soup);

struct Matrix {
  std::string analysis, metric;
  Json content;  // eida/matrix/v1
  std::vector<std::string> labels;
  std::vector<std::vector<double>> values;
};
// The matrix of one analysis (by name), or the first of that metric. `layer` "" = the first.
Result<Matrix> LoadMatrix(Api& api, const SweepData& data, const std::string& analysis,
                          const std::string& metric, const std::string& layer);
std::vector<std::string> MatrixMetrics(const SweepData& data);
struct Arrangement;
render::HeatMap ToHeatMap(const Matrix& matrix, const Arrangement& arrangement,
                          const std::string& sweep_name);
// NaN where there is no number.
std::vector<double> Numbers(const Json& array);
// A line for each reason why pairs are missing, with how many; none when all are there.
std::vector<std::string> MissingPairs(const Matrix& matrix);

// The mean of a series over the seeds of each variant with a band of one standard deviation.
Result<render::LinePlot> CurvesPlot(Api& api, const SweepData& data, const std::string& series);
// The loss along the line between two runs; both empty = the pair with the largest convexity gap.
Result<render::LinePlot> PathPlot(Api& api, const SweepData& data, const std::string& run_a,
                                  const std::string& run_b);
render::LinePlot SoupPlot(const Soup& soup);

}  // namespace eida::client
