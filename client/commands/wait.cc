#include "client/commands/verb.h"
#include "client/follow.h"
#include "client/select.h"
#include "common/spec/reader.h"

namespace eida::client {

void Register_wait(CLI::App* app, Context& context) {
  struct Arguments {
    std::string sweep = "last", condition = "done", timeout;
  };
  auto a = std::make_shared<Arguments>();
  app->add_option("SWEEP", a->sweep, "Which sweeps (last)");
  app->add_option("--for", a->condition, "done (in whatever way) or succeeded")
      ->check(CLI::IsMember({"done", "succeeded"}));
  app->add_option("--timeout", a->timeout, "Give up after this long (90s, 10m): exit code 124");
  OnChosen(app, context, [a](Context& c) {
    Millis timeout(0);
    if (!a->timeout.empty()) {
      const std::optional<Millis> parsed = spec::ParseDuration(a->timeout);
      if (!parsed || parsed->count() <= 0)
        return Fail(c, InvalidArgument("--timeout takes a duration such as 90s or 10m, not \"" +
                                       a->timeout + "\""));
      timeout = *parsed;
    }
    return WithSession(c, Need::kWorkers, [&](Session& session) -> Result<int> {
      EIDA_ASSIGN_OR_RETURN(const std::vector<v1::Sweep> sweeps,
                            FindSweeps(session.api(), a->sweep));
      int code = kOk;
      for (const v1::Sweep& sweep : sweeps) {
        EIDA_ASSIGN_OR_RETURN(const FollowResult result,
                              Follow(c, session.api(), SweepId(sweep.id()), timeout));
        const int ended = EndedCode(c, result);
        if (ended == kTimeout || ended == kInterrupted) return ended;
        if (ended != kOk && (a->condition == "succeeded" || ended == kEndedBadly)) code = ended;
      }
      return code;
    });
  });
}

}  // namespace eida::client
