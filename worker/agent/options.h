// The command line of eida-worker.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "worker/agent/grpc_ports.h"
#include "worker/agent/worker_site.h"

namespace eida::agent {

struct WorkerOptions {
  CoordinatorAddress coordinator;
  SiteAddress http;
  std::string slots = "auto";
  int threads_per_slot = 0;  // 0 = divide the cores evenly
  std::string dir;           // --cache: files, work folders, the worker's id
  std::string name;
  std::string runner;
  int64_t cache_limit = int64_t{50} << 30;
  Millis idle_timeout{0};
  std::string log_level = "info";
  std::string ready_file;
  bool die_with_parent = false;
  bool wait = true;
};

struct CommandLine {
  enum class Action { kRun, kVersion, kExit };
  Action action = Action::kExit;
  int exit_code = 0;  // for kExit: help was printed (0) or the arguments are wrong (2); the message
                      // is out already
  WorkerOptions options;
};

CommandLine ParseCommandLine(int argc, char** argv);

// "30m", "1h30m", "45s", "250ms", "10" (seconds). InvalidArgument names the text.
Result<Millis> ParseDuration(const std::string& text);
// "50GiB", "500MB", "1024": powers of 1024 with an i, of 1000 without.
Result<int64_t> ParseSize(const std::string& text);

}  // namespace eida::agent
