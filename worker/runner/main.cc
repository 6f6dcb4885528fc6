// eida-runner job.json [--out DIR]: runs the jobs of one lease and says what happens, one JSON line
// an event.
#include <malloc.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/log_text.h"
#include "worker/runner/bundle.h"
#include "worker/runner/dispatch.h"
#include "worker/runner/settings.h"

namespace {

using eida::Message;
using eida::Result;

constexpr const char* kUsage =
    "usage: eida-runner JOB.json [--out DIR] [--log-level LEVEL]\n"
    "       eida-runner --version\n"
    "Runs the jobs of JOB.json (docs/formats.md) in order, train jobs that can share their passes "
    "together. Events go to\n"
    "descriptor 3 when it is open, else to standard output; the log goes to standard error.\n"
    "  --out DIR          output directory instead of the file's own (DIR/<job> for each of "
    "several)\n"
    "  --log-level LEVEL  debug, info (default), warn, error or off\n";

std::atomic<bool> g_stop{false};

// The first signal asks the job to leave with a checkpoint, a second one ends the process.
void OnStopSignal(int signal) {
  g_stop.store(true, std::memory_order_relaxed);
  std::signal(signal, SIG_DFL);
}

struct Arguments {
  std::string file, out, level = "info";
  bool version = false, help = false;
};

Result<Arguments> ParseArguments(const std::vector<std::string>& args) {
  Arguments parsed;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (arg == "--version") {
      parsed.version = true;
    } else if (arg == "--help" || arg == "-h") {
      parsed.help = true;
    } else if (arg == "--out" || arg == "--log-level") {
      if (i + 1 == args.size()) return eida::InvalidArgument(arg + " needs a value");
      (arg == "--out" ? parsed.out : parsed.level) = args[++i];
    } else if (arg.size() > 1 && arg[0] == '-') {
      return eida::InvalidArgument("unknown option " + arg);
    } else if (parsed.file.empty()) {
      parsed.file = arg;
    } else {
      return eida::InvalidArgument("one job file at a time: " + parsed.file + " or " + arg);
    }
  }
  if (parsed.file.empty() && !parsed.version && !parsed.help)
    return eida::InvalidArgument("no job file given");
  return parsed;
}

int Refuse(const std::string& message) {
  std::fprintf(stderr, "eida-runner: error: %s\n", message.c_str());
  return eida::runner::kExitUsage;
}

int Main(const std::vector<std::string>& args) {
  const auto arguments = ParseArguments(args);
  if (!arguments.ok()) return Refuse(Message(arguments.status()) + "\n" + kUsage);
  if (arguments->version)
    return std::printf("eida-runner %s\n", eida::runner::VersionText().c_str()) < 0;
  if (arguments->help) return std::printf("%s", kUsage) < 0;

  std::signal(SIGTERM, OnStopSignal);
  std::signal(SIGINT, OnStopSignal);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that is gone shows as a write error
  std::signal(SIGXFSZ, SIG_IGN);  // so does a file-size limit
  eida::InitTextLog("runner", arguments->level);

  const auto text = eida::ReadFile(arguments->file);
  if (!text.ok()) return Refuse(Message(text.status()));
  const auto file = eida::runner::ParseJobFile(*text, arguments->file, arguments->out);
  if (!file.ok()) return Refuse(Message(file.status()));
  eida::runner::SetThreads(file->threads);
  const eida::Status device = eida::runner::OpenDevice(file->device);
  if (!device.ok()) return Refuse(Message(device));
  eida::runner::EventWriter writer(eida::runner::EventDescriptor());
  eida::runner::JobFunctions functions = {eida::runner::RunJob, eida::engine::PackKey,
                                          eida::runner::RunPack};
  if (file->gang) {
    functions.run = [&](const eida::engine::Job& job, eida::engine::Events& events) {
      return eida::runner::RunJobInGang(*file->gang, job, events);
    };
  }
  return eida::runner::RunBundle(*file, functions, writer, g_stop, eida::Clock::System());
}

}  // namespace

int main(int argc, char** argv) {
  // A step's tensors are the size of the last step's: freed memory is kept, not given back and
  // faulted in again.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  int code = eida::runner::kExitFailed;
  try {
    code = Main(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "eida-runner: unexpected exception: %s\n", error.what());
  }
  // All is written and closed by now. libtorch's destructors would take apart its tables of
  // operators, a quarter of the time of a short job.
  std::fflush(nullptr);
  std::_Exit(code);
}
