#include "worker/agent/options.h"

#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>

#include "CLI/CLI.hpp"
#include "common/base/fs.h"

namespace eida::agent {
namespace {

// A number followed by letters, from `at` on; false when there is none.
bool NextPart(const std::string& text, size_t& at, double& number, std::string& unit) {
  const char* begin = text.c_str() + at;
  char* end = nullptr;
  if (std::isdigit(static_cast<unsigned char>(*begin)) == 0) return false;
  number = strtod(begin, &end);
  at += static_cast<size_t>(end - begin);
  unit.clear();
  while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])) != 0)
    unit += text[at++];
  return std::isfinite(number);
}

std::string DefaultDir() {
  const char* cache = getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return JoinPath(cache, "eida/worker");
  const char* home = getenv("HOME");
  return JoinPath(home != nullptr && *home != '\0' ? home : "/var/tmp", ".cache/eida/worker");
}

// CLI11 wants "" for good, a message for bad.
template <class T>
CLI::Validator Checked(Result<T> (*parse)(const std::string&)) {
  return CLI::Validator(
      [parse](std::string& text) {
        const Result<T> value = parse(text);
        return value.ok() ? std::string() : Message(value.status());
      },
      "");
}

}  // namespace

Result<Millis> ParseDuration(const std::string& text) {
  static const std::map<std::string, double> kUnits = {{"ms", 1},   {"s", 1000},   {"", 1000},
                                                       {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
  double total = 0, number = 0;
  std::string unit;
  size_t at = 0;
  while (NextPart(text, at, number, unit) && kUnits.count(unit) > 0)
    total += number * kUnits.at(unit);
  if (text.empty() || at != text.size() || kUnits.count(unit) == 0 || total > 1e15) {
    return InvalidArgument("\"" + text + "\" is no duration: write 30m, 1h30m or 45s");
  }
  return Millis(std::llround(total));
}

Result<int64_t> ParseSize(const std::string& text) {
  static const std::map<std::string, double> kUnits = {
      {"", 1},     {"B", 1},    {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
      {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12}};
  double number = 0;
  std::string unit;
  size_t at = 0;
  if (!NextPart(text, at, number, unit) || at != text.size() || kUnits.count(unit) == 0 ||
      number * kUnits.at(unit) > 0x1p62) {
    return InvalidArgument("\"" + text + "\" is no size: write 50GiB, 500MB or a number of bytes");
  }
  return static_cast<int64_t>(number * kUnits.at(unit));
}

CommandLine ParseCommandLine(int argc, char** argv) {
  CommandLine line;
  WorkerOptions& o = line.options;
  o.dir = DefaultDir();
  o.runner = JoinPath(ProgramDir(), "eida-runner");
  std::string limit = "50GiB", idle = "0", http;
  CLI::App app{"Eida's worker: runs the jobs of a coordinator on this machine", "eida-worker"};
  app.require_subcommand(1);
  CLI::App* run = app.add_subcommand(
      "run", "offer this machine to a coordinator until SIGTERM (a second one kills at once)");
  run->add_option("--coordinator", o.coordinator.address, "HOST:PORT of the coordinator")
      ->required();
  run->add_option("--token-file", o.coordinator.token_file,
                  "file with the token (default: what a coordinator on this machine announced)");
  run->add_option("--cacert", o.coordinator.ca_file,
                  "PEM file of the certificate authority; needed beyond loopback")
      ->check(CLI::ExistingFile);
  run->add_option("--slots", o.slots, "auto (one for each GPU, else for each core) or a number")
      ->capture_default_str();
  run->add_option("--threads-per-slot", o.threads_per_slot,
                  "cores of each slot (default: divide them evenly)")
      ->check(CLI::Range(1, 4096));
  run->add_option("--cache", o.dir, "folder for files and work")->capture_default_str();
  run->add_option("--cache-limit", limit,
                  "size of cached files, a tenth of it for token ids; 0 = no limit")
      ->check(Checked(&ParseSize))
      ->capture_default_str();
  run->add_option("--name", o.name, "name of this worker (default: kept in the cache folder)");
  run->add_option("--runner", o.runner, "the eida-runner program (default: beside this one)");
  run->add_option("--idle-timeout", idle, "leave after that long without work, 0 = never")
      ->check(Checked(&ParseDuration))
      ->capture_default_str();
  run->add_option("--ready-file", o.ready_file,
                  "written with the worker's id once the coordinator knows it");
  run->add_flag("--die-with-parent", o.die_with_parent,
                "die when the process that started this one does");
  run->add_flag("!--no-wait", o.wait,
                "leave with exit code 6 when the coordinator is not there at the start");
  run->add_option("--http", http,
                  "serve /metrics and /healthz there, for example 127.0.0.1:7072 (port 0: any)")
      ->check(Checked(&rpc::ParseAddress));
  run->add_option("--http-tls-cert", o.http.tls_cert, "PEM certificate chain of --http")
      ->check(CLI::ExistingFile);
  run->add_option("--http-tls-key", o.http.tls_key, "PEM key of that certificate")
      ->check(CLI::ExistingFile);
  run->add_option("--log-level", o.log_level, "debug, info, warn, error or off")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  CLI::App* version = app.add_subcommand("version", "print the version");
  app.set_version_flag("--version", "eida-worker " EIDA_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    line.exit_code = app.exit(error) == 0 ? 0 : 2;
    return line;
  }
  o.cache_limit = ParseSize(limit).value_or(0);
  if (!http.empty()) o.http.listen = *rpc::ParseAddress(http);
  o.http.token_file = o.coordinator.token_file;
  o.idle_timeout = ParseDuration(idle).value_or(Millis(0));
  line.action = version->parsed() ? CommandLine::Action::kVersion : CommandLine::Action::kRun;
  return line;
}

}  // namespace eida::agent
