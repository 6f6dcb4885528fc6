#include "client/commands/verb.h"
#include "common/base/text.h"
#include "common/wire/json.h"

namespace eida::client {

void Register_status(CLI::App* app, Context& context) {
  OnChosen(app, context, [](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& session) -> Result<int> {
      EIDA_ASSIGN_OR_RETURN(const v1::StatusReply s, session.api().Status({}));
      std::vector<std::string> jobs;
      for (const auto& [state, n] : s.jobs_by_state()) {
        if (n > 0) jobs.push_back(std::to_string(n) + " " + state);
      }
      const std::string text =
          "coordinator  " + s.version() + ", up " + Ago(s.started_ms(), c.clock->Read().wall.ms) +
          "\nworkers      " + std::to_string(s.workers()) + ", " + std::to_string(s.slots_busy()) +
          " of " + std::to_string(s.slots_total()) + " slots busy\nsweeps       " +
          std::to_string(s.sweeps()) + "\njobs         " +
          (jobs.empty() ? "none" : Join(jobs, ", ")) + "\nstore        " +
          FormatBytes(s.store_bytes()) + ", " + FormatBytes(s.free_bytes()) + " free\n";
      c.printer().Object("Status", wire::ToJson(s), text);
      return static_cast<int>(kOk);
    });
  });
}

}  // namespace eida::client
