#include "client/commands/verb.h"
#include "client/observation_plot.h"
#include "client/output_file.h"
#include "client/plot_data.h"
#include "client/results.h"

namespace eida::client {
namespace {

struct PlotArguments {
  std::string what, sweep = "last", metric = "train/loss", pair, soup, format, output;
  ObservationChoice observation;
  bool log_y = false;
};

Result<render::LinePlot> MakePlot(Api& api, const SweepData& data, const PlotArguments& a) {
  if (a.what == "curves") return CurvesPlot(api, data, a.metric);
  if (a.what == "observation") return ObservationPlot(api, data, a.observation);
  if (a.what == "path") {
    const size_t comma = a.pair.find(',');
    if (!a.pair.empty() && comma == std::string::npos)
      return InvalidArgument("--pair takes two runs, for example --pair full/seed0,lora-r8/seed1");
    return PathPlot(api, data, a.pair.substr(0, comma),
                    a.pair.empty() ? "" : a.pair.substr(comma + 1));
  }
  EIDA_ASSIGN_OR_RETURN(const std::vector<Soup> soups, LoadSoups(api, data));
  for (const Soup& soup : soups) {
    const bool traced = !soup.content.value("trace", Json::array()).empty();
    if (a.soup.empty() ? traced : soup.name == a.soup) return SoupPlot(soup);
  }
  return NotFound(a.soup.empty() ? "the sweep has no finished soup that tried candidates"
                                 : "the sweep has no finished soup \"" + a.soup + "\"");
}

Result<int> PlotIn(Context& context, Session& session, const PlotArguments& a) {
  EIDA_ASSIGN_OR_RETURN(const std::string format,
                        OutputFormat(a.format, a.output, context.options.output,
                                     {"term", "png", "svg", "pdf", "csv", "npy", "json"}));
  EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(session.api(), a.sweep, false));
  EIDA_ASSIGN_OR_RETURN(render::LinePlot plot, MakePlot(session.api(), data, a));
  if (format == "csv") return WriteOutput(context, a.output, PlotToCsv(plot));
  if (format == "json")
    return WriteOutput(context, a.output, JsonDocument(context, "Plot", PlotToJson(plot)));
  if (format == "npy") return WriteNpy(context, a.output, PlotToNpy(plot), PlotLabels(plot));
  plot.log_y = a.log_y;
  return DrawOutput(context, a.output, format, plot);
}

}  // namespace

void Register_plot(CLI::App* app, Context& context) {
  auto a = std::make_shared<PlotArguments>();
  app->add_option("WHAT", a->what, "curves, path, soup or observation")
      ->required()
      ->check(CLI::IsMember({"curves", "path", "soup", "observation"}));
  app->add_option("SWEEP", a->sweep, "Which sweep (last)");
  app->add_option("--metric", a->metric, "curves: the series (train/loss)");
  app->add_option("--pair", a->pair,
                  "path: two runs, joined by a comma; without it the pair with the largest gap");
  app->add_option("--soup", a->soup, "soup: its name");
  ObservationChoice& o = a->observation;
  app->add_option("--observation", o.name, "observation: its name; else the first");
  app->add_option("--side", o.side, "observation: input (default) or update directions")
      ->check(CLI::IsMember({"input", "update"}));
  app->add_option("--role", o.role,
                  "observation: of the maps of this role, by layer; else the mean over all, by "
                  "sequences");
  app->add_option("--sequences", o.sequences,
                  "observation by layer: how many sequences the subspaces are of");
  app->add_flag("--logy", a->log_y, "Logarithmic y axis");
  app->add_option("--format", a->format, "term, png, svg, pdf, csv, npy or json");
  app->add_option("-O,--out", a->output, "File, - for standard output");
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& s) { return PlotIn(c, s, *a); });
  });
}

}  // namespace eida::client
