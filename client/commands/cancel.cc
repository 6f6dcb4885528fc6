#include "client/commands/verb.h"
#include "client/scope.h"

namespace eida::client {
namespace {

// One call for a target; how many jobs it was.
Result<int64_t> CancelTarget(Api& api, const Target& target) {
  v1::CancelRequest request;
  request.set_sweep(target.sweep.id());
  for (const v1::Job& job : target.jobs) request.add_jobs(job.id());
  EIDA_ASSIGN_OR_RETURN(const v1::CancelReply reply, api.Cancel(request));
  return reply.cancelled();
}

Result<int> Cancel(Context& c, Api& api, const std::vector<std::string>& what) {
  int64_t cancelled = 0, sweep = 0;
  Bulk bulk(c);
  for (const std::string& text : what) {
    const Result<std::vector<Target>> targets = FindTargets(api, text);
    if (!targets.ok()) {
      bulk.Failed(targets.status());
      continue;
    }
    for (const Target& target : *targets) {
      const Result<int64_t> n = CancelTarget(api, target);
      if (n.ok()) {
        bulk.Worked();
        cancelled += *n;
        sweep = target.sweep.id();
      } else {
        bulk.Failed(n.status());
      }
    }
  }
  if (!bulk.any()) return bulk.status();
  c.printer().Object("Cancelled", {{"cancelled", cancelled}},
                     std::to_string(cancelled) + " jobs cancelled\n");
  if (cancelled > 0) SuggestNext(c, "eidactl retry s" + std::to_string(sweep));
  return bulk.code();
}

}  // namespace

void Register_cancel(CLI::App* app, Context& context) {
  auto what = std::make_shared<std::vector<std::string>>();
  app->add_option(
         "WHAT", *what,
         "Sweeps (s3, s1-s4, last, all), runs or jobs (lora-r8/seed1, j17), or a selection "
         "of runs (s3/variant~lora-*,seed<3)")
      ->required();
  OnChosen(app, context, [what](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& s) { return Cancel(c, s.api(), *what); });
  });
}

}  // namespace eida::client
