#include <cmath>

#include "client/arrange.h"
#include "client/commands/verb.h"
#include "client/output_file.h"
#include "client/results.h"
#include "common/base/text.h"
#include "common/render/matrix_file.h"

namespace eida::client {
namespace {

struct HeatmapArguments {
  std::string sweep = "last", metric, analysis, layer, format, output, annotate = "auto",
              triangle = "full", cmap, order = "grid";
  bool tree = false;
  std::optional<double> vmin, vmax, center;
};

// The intervals of the cells; InvalidArgument where the measure has none.
Status AddIntervals(const Matrix& matrix, const Arrangement& at, render::HeatMap* map) {
  const auto ends = [&](const char* field) {
    std::vector<std::vector<double>> square;
    for (const Json& row : matrix.content.value(field, Json::array()))
      square.push_back(Numbers(row));
    return Arranged(at, square);
  };
  if (!matrix.content.value("ci_low", Json()).is_array())
    return InvalidArgument("--annot ci: analysis \"" + matrix.analysis +
                           "\" has no intervals; gaps and barriers have");
  const auto low = ends("ci_low"), high = ends("ci_high");
  for (size_t row = 0; row < low.size(); ++row) {
    map->notes.emplace_back();
    for (size_t column = 0; column < low[row].size(); ++column) {
      const bool known = std::isfinite(low[row][column]) && std::isfinite(high[row][column]);
      map->notes.back().push_back(known ? render::CellText(low[row][column]) + "–" +
                                              render::CellText(high[row][column])
                                        : "");
    }
  }
  return OkStatus();
}

Status Adjust(const HeatmapArguments& a, render::HeatMap* map) {
  if (!a.cmap.empty() && !render::ParseColorMap(a.cmap, &map->scale.map))
    return InvalidArgument("--cmap is magma, viridis or diverging, not \"" + a.cmap + "\"");
  if (a.vmin) map->scale.vmin = *a.vmin;
  if (a.vmax) map->scale.vmax = *a.vmax;
  if (a.center) map->scale.center = *a.center;
  if (map->scale.vmax <= map->scale.vmin) return InvalidArgument("--vmax must be above --vmin");
  map->annotate = a.annotate == "on" || a.annotate == "ci" ? render::Annotate::kOn
                  : a.annotate == "off"                    ? render::Annotate::kOff
                                                           : render::Annotate::kAuto;
  map->triangle = a.triangle == "lower" ? render::Triangle::kLower : render::Triangle::kFull;
  return OkStatus();
}

Result<int> HeatmapIn(Context& context, Session& session, const HeatmapArguments& a) {
  EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(session.api(), a.sweep, true));
  std::string metric = a.metric;
  if (metric.empty() && a.analysis.empty()) {
    const std::vector<std::string> have = MatrixMetrics(data);
    if (have.empty())
      return NotFound("sweep s" + std::to_string(data.sweep.id()) + " has no analyses to draw");
    metric = have[0];
  }
  EIDA_ASSIGN_OR_RETURN(const Matrix matrix,
                        LoadMatrix(session.api(), data, a.analysis, metric, a.layer));
  EIDA_ASSIGN_OR_RETURN(const std::string format,
                        OutputFormat(a.format, a.output, context.options.output,
                                     {"term", "png", "svg", "pdf", "csv", "npy", "json"}));
  EIDA_ASSIGN_OR_RETURN(const Arrangement at, Arrange(matrix, data, a.order));
  if (a.tree && !at.tree)
    return InvalidArgument("--dendrogram draws what --order cluster found: give both");
  if (!context.options.quiet) {
    for (const std::string& line : MissingPairs(matrix)) *context.err << line << "\n";
  }
  if (format == "json")
    return WriteOutput(context, a.output, JsonDocument(context, "Matrix", matrix.content));
  const std::vector<std::string> rows = Arranged(at.rows, matrix.labels),
                                 columns = Arranged(at.columns, matrix.labels);
  if (format == "csv")
    return WriteOutput(context, a.output,
                       render::MatrixToCsv(rows, columns, Arranged(at, matrix.values)));
  if (format == "npy") {
    const Json labels = at.square ? Json(rows) : Json{{"rows", rows}, {"columns", columns}};
    return WriteNpy(context, a.output, render::MatrixToNpy(Arranged(at, matrix.values)), labels);
  }
  render::HeatMap map = ToHeatMap(matrix, at, data.sweep.name());
  if (a.tree) map.tree = at.tree;
  if (a.annotate == "ci") EIDA_RETURN_IF_ERROR(AddIntervals(matrix, at, &map));
  EIDA_RETURN_IF_ERROR(Adjust(a, &map));
  return DrawOutput(context, a.output, format, map);
}

}  // namespace

void Register_heatmap(CLI::App* app, Context& context) {
  auto a = std::make_shared<HeatmapArguments>();
  app->add_option("SWEEP", a->sweep, "Which sweep (last)");
  app->add_option("--metric", a->metric, "cka, convexity_gap, barrier or error_barrier");
  app->add_option("--analysis", a->analysis, "One analysis by its name in the sweep file");
  app->add_option("--layer", a->layer, "One layer of a CKA analysis");
  app->add_option("--format", a->format, "term, png, svg, pdf, csv, npy or json");
  app->add_option("-O,--out", a->output, "File, - for standard output");
  app->add_option("--annot", a->annotate,
                  "Numbers in the cells: auto, on, off, or ci: with their intervals")
      ->check(CLI::IsMember({"auto", "on", "off", "ci"}));
  app->add_option("--triangle", a->triangle, "full or lower")
      ->check(CLI::IsMember({"full", "lower"}));
  app->add_option("--order", a->order,
                  "Of rows and columns: grid (the sweep file's), rank, seed or cluster (average "
                  "linkage)")
      ->check(CLI::IsMember(Orders()));
  app->add_flag("--dendrogram", a->tree, "With --order cluster: the tree above the columns");
  app->add_option("--cmap", a->cmap, "magma, viridis or diverging");
  app->add_option("--vmin", a->vmin, "Lower end of the colours");
  app->add_option("--vmax", a->vmax, "Upper end of the colours");
  app->add_option("--center", a->center, "Middle of a diverging map");
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& s) { return HeatmapIn(c, s, *a); });
  });
}

}  // namespace eida::client
