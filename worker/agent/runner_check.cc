#include "worker/agent/runner_check.h"

#include <unistd.h>

#include <csignal>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"

namespace eida::agent {
namespace {

constexpr Millis kLimit{60'000};
constexpr char kNext[] = ": build eida-runner, or name another one with --runner";

}  // namespace

Status CheckRunner(const std::string& runner) {
  if (!FileExists(runner)) return NotFound("there is no runner at " + runner + kNext);
  if (IsDirectory(runner) || access(runner.c_str(), X_OK) != 0)
    return FailedPrecondition(runner + " is no program" + kNext);
  const TempDir dir("eida-check");
  SubprocessOptions options;
  options.argv = {runner, "--version"};
  options.stdout_path = options.stderr_path = JoinPath(dir.path(), "output");
  Result<Subprocess> process = Subprocess::Start(options);
  if (!process.ok())
    return FailedPrecondition("the runner does not start: " + Message(process.status()) + kNext);
  const TimePoint deadline = Clock::System().Read().mono + kLimit;
  while (!process->Poll() && Clock::System().Read().mono < deadline) usleep(2000);
  if (!process->Poll())
    return FailedPrecondition("the runner " + runner + " --version does not answer" + kNext);
  const ExitStatus exit = process->Wait();
  if (!exit.signaled && exit.code != 126 && exit.code != 127)
    return OkStatus();  // an old one may not know --version
  const std::string output = ReadFile(*options.stderr_path).value_or("");
  return FailedPrecondition("the runner " + runner + " is broken (" + exit.ToString() +
                            "): " + Ellipsis(std::string(Trim(output)), 500));
}

}  // namespace eida::agent
