#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "client/context.h"
#include "client/session.h"
#include "common/base/log.h"

namespace {

std::atomic<int> interrupts{0};

// The second Ctrl-C ends the program at once; children die with it.
extern "C" void OnInterrupt(int) {
  if (++interrupts > 1) _exit(eida::client::kInterrupted);
}

int TerminalWidth() {
  if (const char* columns = std::getenv("COLUMNS")) {
    const int n = std::atoi(columns);
    if (n >= 20) return n;
  }
  winsize size{};
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
  }
  return 100;
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
  const bool forced = std::getenv("EIDA_FORCE_TTY") != nullptr;
  context.out_tty = forced || isatty(STDOUT_FILENO) != 0;
  context.err_tty = forced || isatty(STDERR_FILENO) != 0;
  context.width = TerminalWidth();
  context.interrupts = [] { return interrupts.load(); };
  context.connect = [&context](const Options& options, Need need) {
    return OpenSession(options, need, *context.clock);
  };
  return RunMain(context, std::vector<std::string>(argv + 1, argv + argc));
}
