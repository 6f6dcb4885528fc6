#include "client/commands/verb.h"
#include "client/results.h"

namespace eida::client {

void Register_summary(CLI::App* app, Context& context) {
  struct Arguments {
    std::string sweep = "last";
    bool no_times = false;
  };
  auto a = std::make_shared<Arguments>();
  app->add_option("SWEEP", a->sweep, "Which sweep (last)");
  app->add_flag("--no-times", a->no_times, "Leave out what differs from run to run: seconds");
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& session) -> Result<int> {
      EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(session.api(), a->sweep, false));
      const SummaryTable summary = Summarise(data, !a->no_times);
      c.printer().Report("Summary", summary.table, summary.json);
      return static_cast<int>(kOk);
    });
  });
}

}  // namespace eida::client
