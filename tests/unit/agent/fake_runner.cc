// A runner for tests: does what the job's spec says, `{"steps": [["verb", argument], ..]}`. Without
// steps it succeeds with one artifact. Also `supervise ..` (the supervisor that a worker brings)
// and `host JOB_FILE` (a parent to be killed).
//   emit {event}           an event; `job` is added where it is not said          artifact {name,
//   kind, content | missing}   a file and its event checkpoint step        a small safetensors file
//   sleep ms                 SIGTERM ends it: preempted, exit 75 raw text               a line on
//   descriptor 3            long bytes               one line of that length log text | flood n
//   lines on stderr                   env name                 its value as an event's message exit
//   code | signal n   at once                           ignore_term              SIGTERM has no
//   effect from here on grandchild {pid_file, session}   a child that sleeps, in a session of its
//   own or not until path             waits for a file to appear        append {path, text} adds to
//   a file
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "worker/exec/runner_process.h"
#include "worker/exec/supervise.h"

namespace eida {
namespace {

volatile sig_atomic_t g_term = 0;
bool g_ignore_term = false;

void WriteLine(const std::string& text) {
  const std::string line = text + "\n";
  for (size_t done = 0; done < line.size();) {
    const ssize_t n = write(3, line.data() + done, line.size() - done);
    if (n <= 0) _exit(9);
    done += static_cast<size_t>(n);
  }
}

struct Context {
  int64_t job;
  std::string out;
  void Emit(Json event) const {
    if (!event.contains("job")) event["job"] = job;
    WriteLine(event.dump());
  }
};

std::string Safetensors(const std::string& data) {
  const std::string header =
      Json{{"t", {{"dtype", "U8"}, {"shape", {data.size()}}, {"data_offsets", {0, data.size()}}}}}
          .dump();
  std::string file;
  for (uint64_t n = header.size(), i = 0; i < 8; ++i, n >>= 8) file += static_cast<char>(n & 255);
  return file + header + data;
}

void Artifact(const Context& context, const Json& arg) {
  const std::string path = JoinPath(context.out, arg.at("name").get<std::string>());
  if (!arg.contains("missing")) {
    const std::string kind = arg.at("kind");
    const std::string content = GetOr<std::string>(arg, "content", "data");
    const bool tensors = kind == "adapter" || kind == "model";
    if (!WriteFileAtomic(path, tensors && !arg.contains("corrupt") ? Safetensors(content) : content)
             .ok())
      _exit(8);
  }
  context.Emit(
      {{"event", "artifact"}, {"name", arg.at("name")}, {"kind", arg.at("kind")}, {"path", path}});
}

void Checkpoint(const Context& context, int64_t step) {
  const std::string path = JoinPath(context.out, "checkpoint-" + std::to_string(step));
  if (!WriteFileAtomic(path, Safetensors("step " + std::to_string(step))).ok()) _exit(8);
  context.Emit(
      {{"event", "checkpoint"}, {"step", step}, {"path", path}, {"metrics", {{"loss", 0.5}}}});
}

void Grandchild(const Json& arg) {
  if (fork() != 0) return;
  if (GetOr(arg, "session", false)) setsid();
  signal(SIGTERM, SIG_IGN);
  std::ofstream(arg.at("pid_file").get<std::string>()) << getpid() << std::flush;
  for (;;) pause();
}

void LeaveIfAsked(const Context& context) {
  if (g_term == 0 || g_ignore_term) return;
  Checkpoint(context, 99);
  context.Emit({{"event", "preempted"}});
  _exit(75);
}

void Sleep(const Context& context, int ms) {
  for (int i = 0; i < ms; i += 2) {
    LeaveIfAsked(context);
    usleep(2000);
  }
}

void Step(const Context& context, const std::string& verb, const Json& arg) {
  if (verb == "emit") context.Emit(arg);
  if (verb == "artifact") Artifact(context, arg);
  if (verb == "checkpoint") Checkpoint(context, arg);
  if (verb == "sleep") Sleep(context, arg);
  if (verb == "raw") WriteLine(arg);
  if (verb == "long") WriteLine(std::string(arg.get<size_t>(), 'x'));
  if (verb == "log") fprintf(stderr, "%s\n", arg.get<std::string>().c_str());
  if (verb == "flood")
    for (int i = 0; i < arg.get<int>(); ++i) fprintf(stderr, "line %d of a flood\n", i);
  if (verb == "exit") _exit(arg.get<int>());
  if (verb == "signal") {
    signal(arg.get<int>(), SIG_DFL);
    kill(getpid(), arg.get<int>());
    pause();
  }
  if (verb == "ignore_term") g_ignore_term = true;
  if (verb == "grandchild") Grandchild(arg);
  if (verb == "until")
    while (!FileExists(arg)) Sleep(context, 4);
  if (verb == "append")
    std::ofstream(arg.at("path").get<std::string>(), std::ios::app)
        << arg.at("text").get<std::string>();
  if (verb == "env") {
    const char* value = getenv(arg.get<std::string>().c_str());
    cpu_set_t cpus;
    sched_getaffinity(0, sizeof cpus, &cpus);
    context.Emit({{"event", "error"},
                  {"class", "data"},
                  {"message", std::string(value ? value : "unset") + " on " +
                                  std::to_string(CPU_COUNT(&cpus))}});
  }
}

Json DefaultSteps() {
  return Json::parse(
      R"([["emit", {"event": "started"}], ["emit", {"event": "progress", "done": 1, "total": 2, "unit": "step"}],
    ["emit", {"event": "metric", "series": "train/loss", "step": 1, "value": 0.25}],
    ["artifact", {"name": "weights", "kind": "adapter"}], ["emit", {"event": "done", "summary": {"steps": 1}}]])");
}

int RunJobs(const std::string& path) {
  const Result<Json> file = ReadJsonFile(path);
  if (!file.ok()) return 2;
  bool failed = false;
  for (const Json& job : file->at("jobs")) {
    const Context context{job.at("job"), job.at("out")};
    const Json steps =
        job.at("spec").contains("steps") ? job.at("spec").at("steps") : DefaultSteps();
    for (const Json& step : steps) {
      LeaveIfAsked(context);
      failed = failed || (step.at(0) == "emit" && step.at(1).at("event") == "error");
      Step(context, step.at(0), step.size() > 1 ? step.at(1) : Json());
    }
  }
  return failed ? 1 : 0;
}

class SilentSink : public exec::RunnerSink {
  void OnEvent(const exec::Event&) override {}
  void OnLog(const std::string& line) override { fprintf(stderr, "%s\n", line.c_str()); }
};

int Host(const std::string& self, const std::string& job_file) {
  exec::Launcher launcher;
  exec::RunnerOptions options;
  options.supervisor = options.runner = self;
  options.job_file = job_file;
  auto process = exec::RunnerProcess::Start(launcher, options);
  if (!process.ok()) return 1;
  SilentSink sink;
  (*process)->Run(sink);
  return 0;
}

}  // namespace
}  // namespace eida

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "supervise") return eida::exec::SuperviseMain(argc, argv);
  if (argc > 2 && std::string(argv[1]) == "host")
    return eida::Host(eida::JoinPath(eida::ProgramDir(), "eida-fake-runner"), argv[2]);
  if (argc != 2) return 2;
  signal(SIGTERM, [](int) { eida::g_term = 1; });
  return eida::RunJobs(argv[1]);
}
