#include "client/context.h"

#include <cstdlib>

#include "common/base/text.h"

namespace eida::client {
namespace {

// What a command line without a verb has in its place; "" when nothing.
std::string WrongVerb(const CLI::App& app) {
  if (!app.get_subcommands().empty()) return "";
  for (const std::string& word : app.remaining()) {
    if (word[0] != '-') return word;
  }
  return "";
}

std::string NoSuchVerb(const CLI::App& app, const std::string& word) {
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    verbs.push_back(verb->get_name());
  const std::string meant = Nearest(word, verbs);
  return "there is no verb \"" + word + "\"" +
         (meant.empty() ? "" : "; did you mean \"" + meant + "\"?");
}

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

render::TerminalStyle Context::Style() const {
  return {render::DepthFor(options.color, out_tty, Env("NO_COLOR"), Env("COLORTERM"), Env("TERM")),
          width,
          Env("LANG").find("UTF") != std::string::npos ||
              Env("LC_ALL").find("UTF") != std::string::npos || out_tty};
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

#define EIDA_COMMAND(id, group, help) void Register_##id(CLI::App* app, Context& context);
#include "client/commands.def"
#undef EIDA_COMMAND

void RegisterCommands(CLI::App& app, Context& context) {
#define EIDA_COMMAND(id, group_name, help) \
  Register_##id(app.add_subcommand(#id, help)->group(group_name), context);
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
  app.add_flag("--no-headers", o.no_headers, "Tables without their first line");
  app.add_flag("-q,--quiet", o.quiet, "No messages, only results");
  app.add_flag("-v,--verbose", o.verbose, "More messages; twice for even more");
  app.add_flag("-y,--yes", o.yes, "Do not ask");
  app.set_version_flag("--version", EIDA_VERSION);
  RegisterCommands(app, context);
}

int RunMain(Context& context, std::vector<std::string> arguments) {
  CLI::App app;
  BuildApp(app, context);
  std::reverse(arguments.begin(), arguments.end());  // what CLI11 expects of a vector
  try {
    app.parse(arguments);
  } catch (const CLI::Success& done) {  // --help, --version
    return app.exit(done, *context.out, *context.err);
  } catch (const CLI::ParseError& error) {
    const std::string wrong = WrongVerb(app);
    *context.err << "error: " << (wrong.empty() ? error.what() : NoSuchVerb(app, wrong))
                 << "\nSee: eidactl --help\n";
    return kUsage;
  }
  if (!context.chosen) return kUsage;
  return context.chosen(context);
}

}  // namespace eida::client
