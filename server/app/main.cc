// eida-coordinator: the command line.
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "common/base/log.h"
#include "common/base/text.h"
#include "server/app/backup.h"
#include "server/app/serve.h"

namespace eida::app {
namespace {

// "15s", "500ms", "2m", "1h"; a bare number is seconds.
Result<Millis> ParseDuration(const std::string& text) {
  size_t end = 0;
  double value = -1;
  try {
    value = std::stod(text, &end);
  } catch (const std::exception&) {
  }
  const std::string unit = text.substr(end);
  const double factor = unit.empty() || unit == "s" ? 1000
                        : unit == "ms"              ? 1
                        : unit == "m"               ? 60'000
                        : unit == "h"               ? 3'600'000
                                                    : 0;
  if (!(value > 0) || factor == 0 || value * factor > 1e9) {
    return InvalidArgument("\"" + text + "\" is no duration; write 500ms, 15s, 2m or 1h");
  }
  return Millis(static_cast<int64_t>(value * factor));
}

template <class T>
CLI::Validator Parses(T (*parse)(const std::string&), const char* name) {
  return CLI::Validator([parse](std::string& text) { return Message(parse(text).status()); }, name);
}

int Main(int argc, char** argv) {
  CLI::App app(
      "The coordinator of Eida: keeps studies, schedules their jobs onto workers, stores results.",
      "eida-coordinator");
  app.require_subcommand(1);
  const CLI::Validator address = Parses(rpc::ParseAddress, "HOST:PORT");

  ServeCommand serve;
  std::string listen = "127.0.0.1:7070", http, lease_ttl = "15s", log_level = "info";
  bool log_json = false;
  CLI::App* serve_app =
      app.add_subcommand("serve", "Serve one data directory until SIGTERM or Ctrl-C");
  serve_app
      ->add_option("--data", serve.options.data,
                   "Directory with the whole state; made when it is missing")
      ->required();
  serve_app
      ->add_option("--listen", listen, "Where workers and clients connect (port 0: any free one)")
      ->check(address)
      ->capture_default_str();
  serve_app
      ->add_option("--http", http, "Serve /healthz and /metrics there, for example 127.0.0.1:7071")
      ->check(address);
  serve_app->add_flag("--metrics-per-sweep", serve.options.metrics_per_sweep,
                      "Show the jobs of each running sweep in /metrics, of the newest 50");
  serve_app->add_option("--token-file", serve.options.token_file,
                        "The token, mode 0600; made when it is missing (default DATA/token)");
  serve_app->add_option("--tls-cert", serve.options.tls_cert,
                        "PEM certificate chain; needed beyond loopback");
  serve_app->add_option("--tls-key", serve.options.tls_key, "PEM key of the certificate");
  serve_app
      ->add_option("--lease-ttl", lease_ttl, "A worker that is silent for this long loses its jobs")
      ->check(Parses(ParseDuration, "DURATION"))
      ->capture_default_str();
  serve_app->add_option("--log-level", log_level, "How much to say on stderr")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  serve_app->add_flag("--log-json", log_json, "One JSON object a line");
  serve_app->add_flag("--insecure", serve.options.insecure, "Ask for no token; loopback only");
  serve_app->add_option("--ready-fd", serve.ready_fd,
                        "Write {address, http, token_file, pid} to this descriptor when serving");
  serve_app->add_option("--ready-file", serve.ready_file, "Write the same to this file");
  serve_app->add_flag("--die-with-parent", serve.die_with_parent,
                      "Stop when the process that started this one ends");

  std::string data, to;
  CLI::App* backup_app =
      app.add_subcommand("backup", "Copy a data directory, also while it is served");
  backup_app->add_option("--data", data, "The data directory")->required();
  backup_app
      ->add_option("-o,--output", to,
                   "A directory that does not exist; `serve --data` can start from it")
      ->required();

  CLI::App* version_app = app.add_subcommand("version", "Print the version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (version_app->parsed()) {
    std::printf("eida-coordinator %s\n", EIDA_VERSION);
    return 0;
  }
  if (backup_app->parsed()) {
    const Result<BackupResult> result = Backup(data, to);
    if (!result.ok()) {
      std::fprintf(stderr, "error: %s\n", Message(result.status()).c_str());
      return 1;
    }
    std::printf("%s: database and %lld blobs, %s\n", to.c_str(),
                static_cast<long long>(result->blobs), FormatBytes(result->bytes).c_str());
    return 0;
  }
  InitLog("coordinator", log_level, log_json ? LogFormat::kJson : LogFormat::kText);
  serve.options.listen = *rpc::ParseAddress(listen);
  if (!http.empty()) serve.options.http = *rpc::ParseAddress(http);
  serve.options.lease_ttl = *ParseDuration(lease_ttl);
  return Serve(serve);
}

}  // namespace
}  // namespace eida::app

int main(int argc, char** argv) { return eida::app::Main(argc, argv); }
