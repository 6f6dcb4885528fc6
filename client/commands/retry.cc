#include "client/commands/verb.h"
#include "client/scope.h"
#include "common/base/text.h"
#include "common/domain/enums.h"

namespace eida::client {
namespace {

struct RetryArguments {
  std::vector<std::string> what;
  std::string failed;  // "" = also cancelled ones; any = failed ones; else an error class
};

Status CheckClass(const std::string& text) {
  if (text.empty() || text == "any") return OkStatus();
  const Result<ErrorClass> parsed = ParseEnum<ErrorClass>(text);
  if (parsed.ok() && *parsed != ErrorClass::kNone) return OkStatus();
  std::vector<std::string> classes;
  for (const ErrorClass value : AllValues<ErrorClass>()) {
    if (value != ErrorClass::kNone) classes.push_back(ToString(value));
  }
  return InvalidArgument("--failed=" + text + ": no such error class" + Meant(text, classes) +
                         " (" + Join(classes, ", ") + ")");
}

// With --failed the jobs that failed, named one by one: the coordinator's default takes cancelled
// ones too.
Result<int64_t> RetryTarget(Api& api, const Target& target, const std::string& failed) {
  v1::RetryRequest request;
  request.set_sweep(target.sweep.id());
  if (failed != "any") {
    for (const v1::Job& job : target.jobs) request.add_jobs(job.id());
    request.set_error_class(failed);
  } else {
    v1::ListJobsRequest list;
    list.set_sweep(target.sweep.id());
    for (const v1::Job& job : target.jobs) list.add_ids(job.id());
    EIDA_ASSIGN_OR_RETURN(const v1::ListJobsReply jobs, api.ListJobs(list));
    for (const v1::Job& job : jobs.jobs()) {
      if (job.state() == v1::JOB_STATE_FAILED) request.add_jobs(job.id());
    }
    if (request.jobs().empty()) return 0;
  }
  EIDA_ASSIGN_OR_RETURN(const v1::RetryReply reply, api.Retry(request));
  return reply.retried();
}

Result<int> Retry(Context& c, Api& api, const RetryArguments& a) {
  EIDA_RETURN_IF_ERROR(CheckClass(a.failed));
  int64_t retried = 0, sweep = 0;
  Bulk bulk(c);
  for (const std::string& text : a.what) {
    const Result<std::vector<Target>> targets = FindTargets(api, text);
    if (!targets.ok()) {
      bulk.Failed(targets.status());
      continue;
    }
    for (const Target& target : *targets) {
      const Result<int64_t> n = RetryTarget(api, target, a.failed);
      if (n.ok()) {
        bulk.Worked();
        retried += *n;
        sweep = target.sweep.id();
      } else {
        bulk.Failed(n.status());
      }
    }
  }
  if (!bulk.any()) return bulk.status();
  c.printer().Object("Retried", {{"retried", retried}},
                     std::to_string(retried) + " jobs will be tried again\n");
  if (retried > 0) SuggestNext(c, "eidactl watch s" + std::to_string(sweep));
  return bulk.code();
}

}  // namespace

void Register_retry(CLI::App* app, Context& context) {
  auto a = std::make_shared<RetryArguments>();
  app->add_option("WHAT", a->what,
                  "Sweeps (last), runs or jobs of one, or a selection of runs; their failed and "
                  "cancelled jobs are tried again");
  app->add_flag("--failed{any}", a->failed,
                "Only jobs that failed; --failed=oom: with this error class");
  OnChosen(app, context, [a](Context& c) {
    if (a->what.empty()) a->what = {"last"};
    return WithSession(c, Need::kExisting, [&](Session& s) { return Retry(c, s.api(), *a); });
  });
}

}  // namespace eida::client
