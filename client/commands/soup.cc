#include "client/commands/verb.h"
#include "client/results.h"

namespace eida::client {
namespace {

// People see a table for each soup; everything else is one list, with the soup's name in front.
Result<int> PrintSoup(Context& c, const std::vector<Soup>& soups, bool trace) {
  render::Table all;
  std::vector<Json> items;
  for (const Soup& soup : soups) {
    render::Table table = trace ? SoupTrace(soup.content) : SoupTable(soup.content);
    if (c.options.output == "table" || c.options.output == "wide") {
      *c.out << "soup " << soup.name << "\n" << render::ToText(table, !c.options.no_headers);
      continue;
    }
    table.columns.insert(table.columns.begin(), {"soup"});
    all.columns = table.columns;
    for (std::vector<std::string>& row : table.rows) {
      row.insert(row.begin(), soup.name);
      all.rows.push_back(std::move(row));
    }
    items.push_back(soup.content);
    items.back()["name"] = soup.name;
  }
  if (!all.columns.empty()) c.printer().List("Soup", all, items);
  return static_cast<int>(kOk);
}

}  // namespace

void Register_soup(CLI::App* app, Context& context) {
  struct Arguments {
    std::string sweep = "last", name;
    bool trace = false;
  };
  auto a = std::make_shared<Arguments>();
  app->add_option("SWEEP", a->sweep, "Which sweep (last)");
  app->add_option("--name", a->name, "Only this soup");
  app->add_flag("--trace", a->trace, "Every candidate that was tried");
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& session) -> Result<int> {
      EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(session.api(), a->sweep, false));
      EIDA_ASSIGN_OR_RETURN(std::vector<Soup> soups, LoadSoups(session.api(), data));
      if (!a->name.empty()) std::erase_if(soups, [&](const Soup& s) { return s.name != a->name; });
      if (soups.empty())
        return NotFound(a->name.empty() ? "the sweep has no finished soup"
                                        : "the sweep has no finished soup \"" + a->name + "\"");
      // Not every type tries candidates.
      if (a->trace) {
        std::erase_if(
            soups, [](const Soup& s) { return s.content.value("trace", Json::array()).empty(); });
        if (soups.empty())
          return NotFound("none of these soups tried candidates: only a search does");
      }
      return PrintSoup(c, soups, a->trace);
    });
  });
}

}  // namespace eida::client
