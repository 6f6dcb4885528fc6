#include "client/commands/verb.h"
#include "client/results.h"

namespace eida::client {

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
      Json all = Json::array();
      for (const Soup& soup : soups) {
        Json entry = soup.content;
        entry["name"] = soup.name;
        all.push_back(std::move(entry));
      }
      if (c.printer().json()) {
        c.printer().Object("SoupList", {{"items", all}}, "");
        return static_cast<int>(kOk);
      }
      for (const Soup& soup : soups) {
        if (c.options.output == "table") *c.out << "soup " << soup.name << "\n";
        c.printer().Report("Soup", a->trace ? SoupTrace(soup.content) : SoupTable(soup.content),
                           soup.content);
      }
      return static_cast<int>(kOk);
    });
  });
}

}  // namespace eida::client
