#include <algorithm>

#include "client/commands/verb.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace eida::client {
namespace {

// What a sweep file can name: each line of the catalog's tables.
struct Listing {
  std::string kind;  // of the JSON: "Task"
  render::Table table;
  std::vector<Json> items;
  // The table's cells are the fields' texts, lists joined by blanks.
  void Add(const std::vector<std::pair<std::string, Json>>& fields) {
    Json item = Json::object();
    std::vector<std::string> cells;
    const bool first = table.columns.empty();
    for (const auto& [name, value] : fields) {
      if (first) table.columns.push_back({name});
      item[name] = value;
      cells.push_back(value.is_string()  ? value.get<std::string>()
                      : value.is_array() ? Join(value.get<std::vector<std::string>>(), " ")
                                         : value.dump());
    }
    table.rows.push_back(std::move(cells));
    items.push_back(std::move(item));
  }
};

// "r:int alpha:scale=1r": a required one has no default.
std::vector<std::string> Texts(const std::vector<catalog::Parameter>& parameters) {
  std::vector<std::string> texts;
  for (const catalog::Parameter& p : parameters) {
    const std::string type = p.type == "enum" ? Join(p.choices, "|") : p.type;
    texts.push_back(p.name + ":" + type + (p.fallback.empty() ? "" : "=" + p.fallback));
  }
  return texts;
}

Listing TasksThere() {
  Listing listing{"Task", {}, {}};
  for (const catalog::Task& t : catalog::Tasks()) {
    std::vector<std::string> columns;
    for (const catalog::Column& column : t.columns) {
      if (!column.name.empty()) columns.push_back(column.key + "=" + column.name);
    }
    listing.Add({{"task", t.id},
                 {"learns", t.generates ? "text" : "labels"},
                 {"formats", t.formats},
                 {"columns", columns},
                 {"labels", t.labels},
                 {"metrics", t.metrics},
                 {"text_metrics", t.text_metrics},
                 {"help", t.help}});
  }
  return listing;
}

Listing MetricsThere() {
  Listing listing{"Metric", {}, {}};
  for (const catalog::Metric& m : catalog::Metrics()) {
    listing.Add({{"metric", m.id},
                 {"of", m.of_labels ? "labels" : "items"},
                 {"better", m.maximize ? "larger" : "smaller"},
                 {"options", std::vector<std::string>()},
                 {"help", m.help}});
  }
  for (const catalog::GenerationMetric& m : catalog::GenerationMetrics()) {
    listing.Add({{"metric", m.id},
                 {"of", "texts"},
                 {"better", "larger"},
                 {"options", Texts(m.parameters)},
                 {"help", m.help}});
  }
  return listing;
}

Listing ModelsThere() {
  Listing listing{"ModelFamily", {}, {}};
  for (const catalog::Model& m : catalog::Models()) {
    std::vector<std::string> roles;
    for (const catalog::Role& role : m.roles) {
      if (std::ranges::count(roles, role.role) == 0) roles.push_back(role.role);
    }
    listing.Add({{"model", m.id},
                 {"head", m.generates ? "predicts tokens" : "classifies items"},
                 {"roles", roles},
                 {"help", m.help}});
  }
  return listing;
}

Listing AdaptersThere() {
  Listing listing{"Adapter", {}, {}};
  for (const catalog::Adapter& a : catalog::Adapters())
    listing.Add(
        {{"adapter", a.id}, {"name", a.name}, {"settings", Texts(a.parameters)}, {"help", a.help}});
  return listing;
}

Listing AnalysesThere() {
  Listing listing{"AnalysisType", {}, {}};
  for (const catalog::Analysis& a : catalog::Analyses())
    listing.Add({{"analysis", a.id},
                 {"reads", a.by_path ? "losses on paths" : "features"},
                 {"help", a.help}});
  return listing;
}

Listing AnalysisPresetsThere() {
  Listing listing{"AnalysisPreset", {}, {}};
  for (const catalog::AnalysisPreset& p : catalog::AnalysisPresets())
    listing.Add({{"preset", p.id},
                 {"of", p.by_path ? "losses on paths" : "features"},
                 {"settings", Texts(p.parameters)},
                 {"help", p.help}});
  return listing;
}

Listing SoupsThere() {
  Listing listing{"SoupType", {}, {}};
  for (const catalog::SoupMethod& s : catalog::SoupMethods())
    listing.Add({{"soup", s.id},
                 {"of", s.by_factors ? "low-rank factors" : "weights"},
                 {"options", Texts(s.parameters)},
                 {"help", s.help}});
  return listing;
}

Listing FormatsThere() {
  Listing listing{"Format", {}, {}};
  for (const catalog::Format& f : catalog::Formats())
    listing.Add({{"format", f.id}, {"help", f.help}});
  return listing;
}

struct Known {
  const char* what;
  Listing (*list)();
};
constexpr Known kKnown[] = {{"tasks", TasksThere},       {"metrics", MetricsThere},
                            {"models", ModelsThere},     {"adapters", AdaptersThere},
                            {"analyses", AnalysesThere}, {"analysis_presets", AnalysisPresetsThere},
                            {"soups", SoupsThere},       {"formats", FormatsThere}};

std::vector<std::string> WhatThereIs() {
  std::vector<std::string> names;
  for (const Known& known : kKnown) names.push_back(known.what);
  return names;
}

int ListKnown(Context& c, const std::string& what) {
  for (const Known& known : kKnown) {
    if (what != known.what) continue;
    const Listing listing = known.list();
    c.printer().List(listing.kind, listing.table, listing.items);
    return kOk;
  }
  return Fail(c, InvalidArgument("there is no list of \"" + what + "\"" +
                                 Meant(what, WhatThereIs()) + " (" + Join(WhatThereIs(), ", ") +
                                 "; `eidactl get` lists what a coordinator holds)"));
}

}  // namespace

void Register_list(CLI::App* app, Context& context) {
  auto what = std::make_shared<std::string>();
  app->add_option("WHAT", *what, "What this version knows, for sweep files to name")
      ->required()
      ->type_name("{" + Join(WhatThereIs(), ",") + "}");
  OnChosen(app, context, [what](Context& c) { return ListKnown(c, *what); });
}

}  // namespace eida::client
