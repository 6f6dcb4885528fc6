#include "client/commands/verb.h"
#include "client/follow.h"
#include "client/sweep_file.h"

namespace eida::client {
namespace {

struct SubmitArguments {
  std::string file, name, key;
  std::vector<std::string> overrides;
  bool dry_run = false, wait = false;
};

int SubmitVerb(Context& context, SubmitArguments arguments) {
  if (!arguments.name.empty()) arguments.overrides.push_back("name=" + arguments.name);
  const Result<SweepFile> file =
      ReadSweepFile(arguments.file, arguments.overrides, DigestCachePath());
  if (!file.ok()) return Fail(context, file.status());
  if (!ShowDiagnostics(context, *file)) return RefuseInvalid(context, *file);
  if (arguments.dry_run) {
    context.printer().Object("DryRun", {{"file", arguments.file}, {"valid", true}},
                             arguments.file + ": valid; nothing was submitted (--dry-run)\n");
    return kOk;
  }
  return WithSession(
      context, arguments.wait ? Need::kWorkers : Need::kExisting,
      [&](Session& session) -> Result<int> {
        EIDA_ASSIGN_OR_RETURN(const v1::SubmitReply reply,
                              Submit(context, session.api(), *file, {arguments.key, false}));
        const std::string id = "s" + std::to_string(reply.sweep());
        if (!context.options.quiet)
          *context.err << reply.jobs() << " jobs, " << reply.reused() << " of them reused\n";
        for (const std::string& warning : reply.warnings())
          *context.err << "warning: " << warning << "\n";
        context.printer().Object(
            "Submitted", {{"sweep", id}, {"jobs", reply.jobs()}, {"reused", reply.reused()}},
            id + "\n");
        context.out->flush();
        if (!arguments.wait) {
          SuggestNext(context, "eidactl watch " + id);
          return kOk;
        }
        EIDA_ASSIGN_OR_RETURN(const FollowResult result,
                              Follow(context, session.api(), SweepId(reply.sweep())));
        return EndedCode(context, result);
      });
}

}  // namespace

void Register_submit(CLI::App* app, Context& context) {
  auto arguments = std::make_shared<SubmitArguments>();
  app->add_option("FILE", arguments->file, "Sweep file, - for standard input")->required();
  AddOverrideOptions(app, &arguments->overrides);
  app->add_option("--name", arguments->name, "Another name for the sweep");
  app->add_option("--idempotency-key", arguments->key,
                  "The same key and file again is the same sweep");
  app->add_flag("--dry-run", arguments->dry_run, "Check everything, send nothing");
  app->add_flag("--wait,--watch", arguments->wait, "Follow it to its end");
  OnChosen(app, context, [arguments](Context& c) { return SubmitVerb(c, *arguments); });
}

}  // namespace eida::client
