#include <algorithm>

#include "client/commands/verb.h"
#include "client/lists.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

struct Kind {
  const char* name;
  std::vector<std::string> aliases;
  Result<int> (*list)(Context&, Api&, const ListRequest&);
};

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> kKinds = {
      {"sweeps", {"sweep", "sw"}, ListSweeps},
      {"runs", {"run", "r"}, ListRuns},
      {"jobs", {"job", "j"}, ListJobs},
      {"workers", {"worker", "w"}, ListWorkers},
      {"checkpoints", {"checkpoint", "ck"}, ListCheckpoints},
      {"analyses", {"analysis", "an"}, ListAnalyses},
      {"pairs", {"pair", "p"}, ListPairs},
      {"soups", {"soup", "so"}, ListSoups},
      {"models", {"model", "m"}, ListModels},
      {"datasets", {"dataset", "ds"}, ListDatasets},
      {"events", {"event", "ev"}, ListEvents},
  };
  return kKinds;
}

std::vector<std::string> KindNames() {
  std::vector<std::string> names;
  for (const Kind& kind : Kinds()) names.push_back(kind.name);
  return names;
}

int Get(Context& c, const std::string& what, const ListRequest& request) {
  for (const Kind& kind : Kinds()) {
    if (what == kind.name || std::ranges::count(kind.aliases, what) > 0) {
      return WithSession(c, Need::kExisting,
                         [&](Session& s) { return kind.list(c, s.api(), request); });
    }
  }
  return Fail(c, InvalidArgument("there is nothing called \"" + what + "\" to get" +
                                 Meant(what, KindNames()) + " (" + Join(KindNames(), ", ") + ")"));
}

}  // namespace

void Register_get(CLI::App* app, Context& context) {
  struct Arguments {
    std::string what;
    ListRequest request;
  };
  auto a = std::make_shared<Arguments>();
  app->add_option("WHAT", a->what, "What to list, or its short name: sw r j w ck an p so m ds ev")
      ->required()
      ->type_name("{" + Join(KindNames(), ",") + "}");
  app->add_option("SELECTOR", a->request.selector,
                  "Sweeps (last): s3, s1-s4, a name, last, all; or runs of one: lora-r8/seed1, "
                  "s3/variant~lora-*,seed<3");
  app->add_option("-s,--select", a->request.select,
                  "Of these only: variant~lora-*,seed<3,state=running, or a part of the name");
  OnChosen(app, context, [a](Context& c) { return Get(c, a->what, a->request); });
}

}  // namespace eida::client
