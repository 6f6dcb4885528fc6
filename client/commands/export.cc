#include "client/commands/verb.h"
#include "client/follow.h"
#include "client/scope.h"
#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

struct ExportArguments {
  std::string what, name, format = "hf", out, sweep = "last";
  bool force = false;
};

// The job's files in a directory that appears whole or not at all; their names.
Result<std::vector<std::string>> FetchDirectory(Api& api, const v1::Job& job,
                                                const std::string& directory) {
  EIDA_ASSIGN_OR_RETURN(const std::string target, AbsolutePath(directory));
  const std::string temp = target + ".part";
  EIDA_RETURN_IF_ERROR(RemoveTree(temp));
  std::vector<std::string> names;
  Status status = MakeDirs(temp);
  for (const v1::Artifact& artifact : job.artifacts()) {
    if (!status.ok()) break;
    if (artifact.kind() != "file" || artifact.name().find('/') != std::string::npos) continue;
    status = api.GetFile(Digest(artifact.digest()), JoinPath(temp, artifact.name()));
    names.push_back(artifact.name());
  }
  if (status.ok()) status = RemoveTree(target);
  if (status.ok()) status = RenameFile(temp, target);
  if (status.ok()) return names;
  RemoveTree(temp).IgnoreError();
  return status;
}

Result<int> ExportIn(Context& context, Session& session, ExportArguments a) {
  if (const SweepPath path = SplitSweep(a.name); path.named) {
    a.sweep = path.sweep;
    a.name = path.rest;
  }
  if (FileExists(a.out)) {
    const auto content = ListDir(a.out);
    if (!content.ok() || (!content->empty() && !a.force))
      return FailedPrecondition(
          a.out +
          " exists and is not an empty directory: choose another, or replace it with --force");
  }
  Api& api = session.api();
  EIDA_ASSIGN_OR_RETURN(const v1::Sweep sweep, FindSweep(api, a.sweep));
  v1::ExportRequest request;
  request.set_sweep(sweep.id());
  request.set_source(a.what + ":" + a.name);
  request.set_format(a.format);
  EIDA_ASSIGN_OR_RETURN(const v1::ExportReply reply, api.Export(request));
  v1::ListJobsRequest one;
  one.add_ids(reply.job());
  // Not the end of the whole sweep, which may still train.
  FollowOptions options;
  options.until = [&](const v1::SweepProgress&) -> Result<Verdict> {
    EIDA_ASSIGN_OR_RETURN(const v1::ListJobsReply jobs, api.ListJobs(one));
    const bool ended = jobs.jobs().empty() || Ended(jobs.jobs(0).state());
    return ended ? Verdict::kMet : Verdict::kWait;
  };
  EIDA_ASSIGN_OR_RETURN(const FollowResult followed,
                        Follow(context, api, SweepId(sweep.id()), options));
  if (followed.interrupted || followed.timed_out) return EndedCode(context, followed);
  EIDA_ASSIGN_OR_RETURN(const v1::ListJobsReply jobs, api.ListJobs(one));
  if (jobs.jobs_size() == 0 || jobs.jobs(0).state() != v1::JOB_STATE_SUCCEEDED) {
    return FailedPrecondition(
        "the export job j" + std::to_string(reply.job()) + " did not succeed: " +
        (jobs.jobs_size() == 0 ? "it is gone" : jobs.jobs(0).error_message()));
  }
  EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        FetchDirectory(api, jobs.jobs(0), a.out));
  context.printer().Object("Exported", {{"directory", a.out}, {"files", names}},
                           "wrote " + a.out + ": " + Join(names, ", ") + "\n");
  return static_cast<int>(kOk);
}

}  // namespace

void Register_export(CLI::App* app, Context& context) {
  auto a = std::make_shared<ExportArguments>();
  app->add_option("WHAT", a->what, "run or soup")
      ->required()
      ->check(CLI::IsMember({"run", "soup"}));
  app->add_option("NAME", a->name, "lora-r8/seed1, s3/lora-r8/seed1, or a soup's name")->required();
  app->add_option("--to", a->format, "hf (merged model) or peft (adapter)")
      ->check(CLI::IsMember({"hf", "peft"}));
  app->add_option("-O,--out", a->out, "Directory to write")->required();
  app->add_option("--sweep", a->sweep, "Which sweep (last)");
  app->add_flag("--force", a->force, "Replace the directory");
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kWorkers, [&](Session& s) { return ExportIn(c, s, *a); });
  });
}

}  // namespace eida::client
