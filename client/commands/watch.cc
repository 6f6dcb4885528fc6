#include "client/commands/verb.h"
#include "client/follow.h"
#include "client/select.h"

namespace eida::client {

void Register_watch(CLI::App* app, Context& context) {
  auto sweep = std::make_shared<std::string>("last");
  app->add_option("SWEEP", *sweep, "Which sweep (last)");
  OnChosen(app, context, [sweep](Context& c) {
    return WithSession(c, Need::kWorkers, [&](Session& session) -> Result<int> {
      EIDA_ASSIGN_OR_RETURN(const v1::Sweep found, FindSweep(session.api(), *sweep));
      EIDA_ASSIGN_OR_RETURN(const FollowResult result,
                            Follow(c, session.api(), SweepId(found.id()), Millis(0)));
      const int code = EndedCode(c, result);
      if (code == kOk && !c.options.quiet)
        *c.out << "s" << found.id() << " (" << found.name() << ") succeeded\n";
      return code;
    });
  });
}

}  // namespace eida::client
