#include "client/context.h"

#include <algorithm>

#include "client/usage.h"
#include "common/spec/reader.h"

namespace eida::client {

render::TerminalStyle Context::Style() const {
  return {ColorDepthOf(options.color, out_tty, env), width, UsesUnicode(out_tty, env)};
}

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kOk;
    case absl::StatusCode::kInvalidArgument:
      return kUsage;
    case absl::StatusCode::kNotFound:
      return kNotFound;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return kAuth;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return kConflict;
    case absl::StatusCode::kUnavailable:
      return kUnreachable;
    case absl::StatusCode::kDeadlineExceeded:
      return kTimeout;
    case absl::StatusCode::kCancelled:
      return kInterrupted;
    default:
      return kOther;
  }
}

int Fail(Context& context, const Status& status) {
  const int code = ExitCodeOf(status);
  *context.err << "error: " << Message(status) << "\n";
  if (context.printer().json()) {
    *context.out << Json{{"apiVersion", "eida/v1"},
                         {"kind", "Error"},
                         {"error", {{"message", Message(status)}, {"exit_code", code}}}}
                        .dump()
                 << "\n";
  }
  return code;
}

void SuggestNext(Context& context, const std::string& commands) {
  if (!context.options.quiet) *context.err << "next: " << commands << "\n";
}

namespace {

std::string VerbName(std::string id) {
  std::ranges::replace(id, '_', '-');
  return id;
}

}  // namespace

const std::vector<VerbInfo>& AllVerbs() {
  static const std::vector<VerbInfo> kVerbs = {
#define EIDA_COMMAND(id, group, help) {VerbName(#id), group, help},
#include "client/commands.def"
#undef EIDA_COMMAND
  };
  return kVerbs;
}

#define EIDA_COMMAND(id, group, help) void Register_##id(CLI::App* app, Context& context);
#include "client/commands.def"
#undef EIDA_COMMAND

void RegisterCommands(CLI::App& app, Context& context) {
#define EIDA_COMMAND(id, group_name, help) \
  Register_##id(app.add_subcommand(VerbName(#id), help)->group(group_name), context);
#include "client/commands.def"
#undef EIDA_COMMAND
}

void BuildApp(CLI::App& app, Context& context) {
  Options& o = context.options;
  app.name("eidactl");
  app.description("Eida: seeds x adapters of a language model, and the studies that compare them.");
  app.fallthrough();
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help of every verb");
  app.add_option("--server", o.server,
                 "Coordinator, host:port; without it the project's own (.eida/)")
      ->envname("EIDA_SERVER");
  app.add_option("--token-file", o.token_file, "File with the coordinator's token")
      ->envname("EIDA_TOKEN_FILE");
  app.add_option("--cacert", o.cacert, "Certificate authority of a coordinator with TLS (PEM)")
      ->envname("EIDA_CACERT");
  app.add_option("-o,--output", o.output, "table, wide, json, jsonl, csv, name, md or latex")
      ->envname("EIDA_OUTPUT")
      ->check(CLI::IsMember({"table", "wide", "json", "jsonl", "csv", "name", "md", "latex"}));
  app.add_option("--color", o.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_option("--timeout", o.timeout,
                 "Give up after this long (90s, 10m): exit code 124. A call to the coordinator "
                 "without it has 30s")
      ->envname("EIDA_TIMEOUT")
      ->check(IsDuration);
  app.add_flag("--no-headers", o.no_headers, "Tables without their first line");
  app.add_flag("-q,--quiet", o.quiet, "No messages, only results");
  app.add_flag("-v,--verbose", o.verbose, "More messages; twice for even more");
  app.add_flag("-y,--yes", o.yes, "Do not ask");
  app.set_version_flag("--version", EIDA_VERSION);
  RegisterCommands(app, context);
  for (CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    if (verb->get_footer().empty())
      verb->footer("Options of every verb, such as --server, -o and --timeout: eidactl --help");
}

int RunMain(Context& context, std::vector<std::string> arguments) {
  CLI::App app;
  BuildApp(app, context);
  const std::vector<std::string> typed = arguments;
  std::reverse(arguments.begin(), arguments.end());  // what CLI11 expects of a vector
  try {
    app.parse(arguments);
  } catch (const CLI::Success& done) {  // --help, --version
    return app.exit(done, *context.out, *context.err);
  } catch (const CLI::ParseError& error) {
    const Usage usage = ExplainUsage(app, typed, error.what());
    if (AsksForJson(typed, context.env("EIDA_OUTPUT"))) context.options.output = "json";
    const int code = Fail(context, InvalidArgument(usage.message));
    *context.err << "See: eidactl " << (usage.verb.empty() ? "" : usage.verb + " ") << "--help\n";
    return code;
  }
  if (!context.chosen) return kUsage;
  if (!context.options.timeout.empty())
    context.options.limit = *spec::ParseDuration(context.options.timeout);
  return context.chosen(context);
}

}  // namespace eida::client
