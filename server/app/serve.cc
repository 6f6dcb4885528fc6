#include "server/app/serve.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/base/log.h"
#include "server/app/coordinator.h"

namespace eida::app {
namespace {

constexpr Millis kGrace{2'000};

int Failed(const Status& status) {
  std::fprintf(stderr, "error: %s\n", Message(status).c_str());
  return 1;
}

Status TellReady(const ServeCommand& command, const Coordinator& coordinator) {
  const Json ready = {{"address", coordinator.address().ToString()},
                      {"http", coordinator.http_address()},
                      {"token_file", coordinator.token_file()},
                      {"pid", static_cast<int64_t>(::getpid())}};
  const std::string text = Canonical(ready) + "\n";
  if (!command.ready_file.empty())
    EIDA_RETURN_IF_ERROR(WriteFileAtomic(command.ready_file, text, 0600));
  if (command.ready_fd < 0) return OkStatus();
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = ::write(command.ready_fd, text.data() + written, text.size() - written);
    if (n < 0 && errno != EINTR)
      return ErrnoStatus(errno, "--ready-fd " + std::to_string(command.ready_fd));
    if (n > 0) written += static_cast<size_t>(n);
  }
  ::close(command.ready_fd);
  return OkStatus();
}

}  // namespace

int Serve(const ServeCommand& command) {
  const pid_t parent = ::getppid();
  if (command.die_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) return 1;  // it died before the kernel knew of our wish
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals,
                    nullptr);  // inherited by every thread: only sigwait sees them
  ::signal(SIGPIPE, SIG_IGN);

  auto coordinator = Coordinator::Start(command.options, Clock::System());
  if (!coordinator.ok()) return Failed(coordinator.status());
  EIDA_INFO(
      "serving on {}, data in {}{}", (*coordinator)->address().ToString(), command.options.data,
      (*coordinator)->token_file().empty() ? "" : ", token in " + (*coordinator)->token_file());
  if (!(*coordinator)->http_address().empty())
    EIDA_INFO("metrics on http://{}/metrics", (*coordinator)->http_address());
  if (const Status status = TellReady(command, **coordinator); !status.ok()) return Failed(status);

  int signal = 0;
  while (::sigwait(&signals, &signal) != 0) {
  }
  EIDA_INFO("{}: finishing what was asked for", signal == SIGINT ? "SIGINT" : "SIGTERM");
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // a second one ends the process at once
  (*coordinator)->Stop(kGrace);
  coordinator->reset();
  EIDA_INFO("stopped");
  return 0;
}

}  // namespace eida::app
