#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/context.h"
#include "client/session.h"
#include "common/base/log.h"

namespace {

std::atomic<int> interrupts{0};

// The second Ctrl-C ends the program at once; children die with it.
extern "C" void OnInterrupt(int) {
  if (++interrupts > 1) _exit(eida::client::kInterrupted);
}

// Of the terminal on stdout or stderr; 0 when neither is one.
int TerminalWidth() {
  winsize size{};
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 0;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace eida::client;
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
  std::signal(SIGPIPE, SIG_DFL);
  eida::InitLog("eidactl", std::getenv("EIDA_DEBUG") != nullptr ? "debug" : "warn");
  Context context;
  context.out = &std::cout;
  context.err = &std::cerr;
  context.env = Variable;
  context.out_tty = CountsAsTerminal(isatty(STDOUT_FILENO) != 0, Variable);
  context.err_tty = CountsAsTerminal(isatty(STDERR_FILENO) != 0, Variable);
  context.width = WidthOf(TerminalWidth(), Variable);
  context.interrupts = [] { return interrupts.load(); };
  context.connect = [&context](const Options& options, Need need) {
    if (options.verbose > 0 && Variable("EIDA_DEBUG").empty())
      eida::InitLog("eidactl", options.verbose > 1 ? "debug" : "info");
    return OpenSession(options, need, *context.clock);
  };
  return RunMain(context, std::vector<std::string>(argv + 1, argv + argc));
}
