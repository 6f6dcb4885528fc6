#include "client/commands/verb.h"
#include "client/select.h"

namespace eida::client {

void Register_cancel(CLI::App* app, Context& context) {
  auto what = std::make_shared<std::vector<std::string>>();
  app->add_option("WHAT", *what, "A sweep (s3, last), or jobs of one (j17, lora-r8/seed1)")
      ->required();
  OnChosen(app, context, [what](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& session) -> Result<int> {
      int64_t cancelled = 0;
      for (const std::string& text : *what) {
        v1::CancelRequest request;
        if (const Result<v1::Sweep> sweep = FindSweep(session.api(), text); sweep.ok()) {
          request.set_sweep(sweep->id());
        } else {
          EIDA_ASSIGN_OR_RETURN(const FoundJob job, FindJob(session.api(), text));
          request.set_sweep(job.data.sweep.id());
          request.add_jobs(job.job.id());
        }
        EIDA_ASSIGN_OR_RETURN(const v1::CancelReply reply, session.api().Cancel(request));
        cancelled += reply.cancelled();
      }
      c.printer().Object("Cancelled", {{"cancelled", cancelled}},
                         std::to_string(cancelled) + " jobs cancelled\n");
      return static_cast<int>(kOk);
    });
  });
}

}  // namespace eida::client
