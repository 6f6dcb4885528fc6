#include "client/commands/verb.h"
#include "client/select.h"

namespace eida::client {

void Register_retry(CLI::App* app, Context& context) {
  struct Arguments {
    std::string what = "last", failed;
  };
  auto a = std::make_shared<Arguments>();
  app->add_option("WHAT", a->what, "A sweep (last), or one job of it");
  app->add_option("--failed", a->failed, "Only jobs that ended with this error class (oom, io, ..)")
      ->expected(0, 1);
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& session) -> Result<int> {
      v1::RetryRequest request;
      if (const Result<v1::Sweep> sweep = FindSweep(session.api(), a->what); sweep.ok()) {
        request.set_sweep(sweep->id());
      } else {
        EIDA_ASSIGN_OR_RETURN(const FoundJob job, FindJob(session.api(), a->what));
        request.set_sweep(job.data.sweep.id());
        request.add_jobs(job.job.id());
      }
      request.set_error_class(a->failed);
      EIDA_ASSIGN_OR_RETURN(const v1::RetryReply reply, session.api().Retry(request));
      const std::string next =
          session.embedded() && reply.retried() > 0
              ? "next: eidactl watch s" + std::to_string(request.sweep()) + "\n"
              : "";
      c.printer().Object("Retried", {{"retried", reply.retried()}},
                         std::to_string(reply.retried()) + " jobs will be tried again\n" + next);
      return static_cast<int>(kOk);
    });
  });
}

}  // namespace eida::client
