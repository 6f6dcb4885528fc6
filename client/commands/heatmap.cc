#include "client/commands/verb.h"
#include "client/output_file.h"
#include "client/results.h"
#include "common/base/text.h"
#include "common/render/matrix_file.h"

namespace eida::client {
namespace {

struct HeatmapArguments {
  std::string sweep = "last", metric, analysis, layer, format, output, annotate = "auto",
              triangle = "full", cmap;
  std::optional<double> vmin, vmax, center;
};

Status Adjust(const HeatmapArguments& a, render::HeatMap* map) {
  if (!a.cmap.empty() && !render::ParseColorMap(a.cmap, &map->scale.map))
    return InvalidArgument("--cmap is magma, viridis or diverging, not \"" + a.cmap + "\"");
  if (a.vmin) map->scale.vmin = *a.vmin;
  if (a.vmax) map->scale.vmax = *a.vmax;
  if (a.center) map->scale.center = *a.center;
  if (map->scale.vmax <= map->scale.vmin) return InvalidArgument("--vmax must be above --vmin");
  map->annotate = a.annotate == "on"    ? render::Annotate::kOn
                  : a.annotate == "off" ? render::Annotate::kOff
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
  if (format == "csv")
    return WriteOutput(context, a.output, render::MatrixToCsv(matrix.labels, matrix.values));
  if (format == "json")
    return WriteOutput(context, a.output, JsonDocument(context, "Matrix", matrix.content));
  if (format == "npy")
    return WriteNpy(context, a.output, render::MatrixToNpy(matrix.values), matrix.labels);
  render::HeatMap map = ToHeatMap(matrix, data.sweep.name());
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
  app->add_option("--annot", a->annotate, "Numbers in the cells: auto, on or off")
      ->check(CLI::IsMember({"auto", "on", "off"}));
  app->add_option("--triangle", a->triangle, "full or lower")
      ->check(CLI::IsMember({"full", "lower"}));
  app->add_option("--cmap", a->cmap, "magma, viridis or diverging");
  app->add_option("--vmin", a->vmin, "Lower end of the colours");
  app->add_option("--vmax", a->vmax, "Upper end of the colours");
  app->add_option("--center", a->center, "Middle of a diverging map");
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& s) { return HeatmapIn(c, s, *a); });
  });
}

}  // namespace eida::client
