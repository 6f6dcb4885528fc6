// `eida-coordinator serve` around a Coordinator: signals, the ready file, the parent.
#pragma once

#include <string>

#include "server/app/options.h"

namespace eida::app {

struct ServeCommand {
  ServeOptions options;
  int ready_fd =
      -1;  // gets {"address", "http", "token_file", "pid"} and is closed when serving begins
  std::string ready_file;  // likewise, written in one step
  bool die_with_parent = false;
};

// Serves until SIGTERM or SIGINT. Returns the exit code: 0, or 1 with a message on stderr.
// REQUIRES: the main thread, before any other was started.
int Serve(const ServeCommand& command);

}  // namespace eida::app
