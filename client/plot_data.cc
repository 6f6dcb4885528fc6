#include "client/plot_data.h"

#include <cmath>
#include <limits>

#include "common/base/text.h"
#include "common/render/matrix_file.h"
#include "common/render/table.h"

namespace eida::client {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double At(const std::vector<double>& values, size_t i) {
  return i < values.size() ? values[i] : kNone;
}

std::string Field(double value) { return std::isfinite(value) ? FormatDouble(value) : ""; }

Json Numbers(const std::vector<double>& values) {
  Json out = Json::array();
  for (double value : values) out.push_back(std::isfinite(value) ? Json(value) : Json(nullptr));
  return out;
}

}  // namespace

std::string PlotToCsv(const render::LinePlot& plot) {
  std::string out = "series,x,y,low,high\n";
  for (const render::Series& s : plot.series) {
    for (size_t i = 0; i < s.x.size(); ++i)
      out += render::CsvField(s.label) + "," + Field(s.x[i]) + "," + Field(At(s.y, i)) + "," +
             Field(At(s.low, i)) + "," + Field(At(s.high, i)) + "\n";
  }
  return out;
}

Json PlotToJson(const render::LinePlot& plot) {
  Json series = Json::array(), references = Json::array();
  for (const render::Series& s : plot.series) {
    series.push_back({{"label", s.label},
                      {"x", Numbers(s.x)},
                      {"y", Numbers(s.y)},
                      {"low", Numbers(s.low)},
                      {"high", Numbers(s.high)}});
  }
  for (const render::Reference& r : plot.references)
    references.push_back({{"label", r.label}, {"y", Numbers({r.y})[0]}});
  return {{"title", plot.title},     {"subtitle", plot.subtitle}, {"x_label", plot.x_label},
          {"y_label", plot.y_label}, {"series", series},          {"references", references}};
}

std::string PlotToNpy(const render::LinePlot& plot) {
  std::vector<std::vector<double>> rows;
  for (size_t k = 0; k < plot.series.size(); ++k) {
    const render::Series& s = plot.series[k];
    for (size_t i = 0; i < s.x.size(); ++i)
      rows.push_back({static_cast<double>(k), s.x[i], At(s.y, i), At(s.low, i), At(s.high, i)});
  }
  return render::MatrixToNpy(rows);
}

Json PlotLabels(const render::LinePlot& plot) {
  Json series = Json::array();
  for (const render::Series& s : plot.series) series.push_back(s.label);
  return {{"columns", {"series", "x", "y", "low", "high"}}, {"series", series}};
}

}  // namespace eida::client
