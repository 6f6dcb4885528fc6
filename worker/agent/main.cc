// eida-worker: offers this machine's slots to a coordinator. Composition root; everything else is
// in worker/agent and worker/exec.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "common/base/fs.h"
#include "common/base/log.h"
#include "worker/agent/agent.h"
#include "worker/agent/identity.h"
#include "worker/agent/measured_ports.h"
#include "worker/agent/options.h"
#include "worker/agent/runner_check.h"
#include "worker/agent/signals.h"
#include "worker/exec/supervise.h"

namespace eida::agent {
namespace {

int ExitCode(const Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
      return 2;
    case absl::StatusCode::kNotFound:
      return 3;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return 4;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return 5;
    case absl::StatusCode::kUnavailable:
      return 6;
    case absl::StatusCode::kDeadlineExceeded:
      return 124;
    case absl::StatusCode::kCancelled:
      return 130;
    default:
      return 1;
  }
}

// The folder belongs to one worker at a time.
Result<FileLock> LockDir(const std::string& dir) {
  EIDA_RETURN_IF_ERROR(MakeDirs(dir, 0700));
  Result<FileLock> lock = FileLock::Acquire(JoinPath(dir, "lock"));
  if (lock.ok() || lock.status().code() != absl::StatusCode::kUnavailable) return lock;
  return FailedPrecondition("another eida-worker uses " + dir +
                            ": stop it, or give this one a folder of its own with --cache");
}

Status RunWorker(WorkerOptions options) {
  std::mutex mutex;
  Agent* agent = nullptr;  // guarded by mutex
  const auto on_signal = [&](int count) {
    const std::lock_guard lock(mutex);
    if (agent == nullptr) _exit(130);  // nothing has been started, or all has ended
    if (count == 1)
      EIDA_INFO("leaving: running jobs write a checkpoint; a second signal kills them");
    if (count == 1) agent->Drain();
    if (count == 2) agent->KillNow();
    if (count > 2) _exit(130);
  };
  const Signals signals(on_signal);

  EIDA_RETURN_IF_ERROR(CheckSiteAddress(options.http));
  EIDA_ASSIGN_OR_RETURN(options.dir, AbsolutePath(options.dir));
  EIDA_ASSIGN_OR_RETURN(options.runner, AbsolutePath(options.runner));
  AgentOptions setup;
  EIDA_ASSIGN_OR_RETURN(setup.slots,
                        PlanSlots(DetectMachine(), options.slots, options.threads_per_slot));
  EIDA_ASSIGN_OR_RETURN(const FileLock lock, LockDir(options.dir));
  EIDA_ASSIGN_OR_RETURN(setup.worker.id, StableId(options.dir, options.name));
  EIDA_RETURN_IF_ERROR(CheckRunner(options.runner));
  setup.lease.tokens_dir = JoinPath(options.dir, "tokens");
  setup.lease.tokens_limit = options.cache_limit / 10;
  EIDA_ASSIGN_OR_RETURN(
      const std::unique_ptr<Cache> cache,
      Cache::Open(JoinPath(options.dir, "cache"), options.cache_limit - setup.lease.tokens_limit));
  setup.lease.work_dir = JoinPath(options.dir, "work");
  EIDA_RETURN_IF_ERROR(RemoveTree(setup.lease.work_dir));  // of an earlier process
  setup.worker.session = RandomHex();
  setup.worker.host = HostName();
  setup.worker.version = EIDA_VERSION;
  setup.worker.pid = getpid();
  setup.lease.supervisor = "/proc/self/exe";
  setup.lease.runner = options.runner;
  setup.idle_timeout = options.idle_timeout;
  setup.wait_for_coordinator = options.wait;
  setup.on_joined = [&, id = setup.worker.id] {
    EIDA_INFO("worker {} joined the coordinator at {}", id.str(), options.coordinator.address);
    if (options.ready_file.empty()) return;
    const Status written = WriteFileAtomic(options.ready_file, id.str() + "\n");
    if (!written.ok()) EIDA_ERROR("--ready-file: {}", Message(written));
  };
  EIDA_INFO("worker {}: {} slots of {} threads on {}", setup.worker.id.str(), setup.slots.size(),
            setup.slots.front().threads, setup.slots.front().info.device);
  telemetry::WorkerMetrics metrics(setup.worker.id.str(), GpuModel());
  BusyMeter busy;
  setup.lease.busy = &busy;
  std::unique_ptr<WorkerSite> site;
  if (options.http.listen) {
    EIDA_ASSIGN_OR_RETURN(site, WorkerSite::Start(options.http, metrics, busy, *cache));
    EIDA_INFO("metrics on http://{}/metrics", site->address().ToString());
  }
  GrpcPorts grpc(options.coordinator);
  MeasuredPorts ports(grpc, grpc, metrics);
  exec::Launcher launcher;
  Agent running(std::move(setup), ports, ports, *cache, launcher, Clock::System());
  {
    const std::lock_guard guard(mutex);
    agent = &running;
  }
  const Status status = running.Run();
  const std::lock_guard guard(mutex);
  agent = nullptr;
  return status;
}

int Main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "supervise") return exec::SuperviseMain(argc, argv);
  const CommandLine line = ParseCommandLine(argc, argv);
  if (line.action == CommandLine::Action::kExit) return line.exit_code;
  if (line.action == CommandLine::Action::kVersion) {
    printf("eida-worker %s\n", EIDA_VERSION);
    return 0;
  }
  if (line.options.die_with_parent) {
    const pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) return 1;
  }
  // A slot is a core set; what binds threads further would undo it.
  for (const char* name : {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY"})
    unsetenv(name);
  InitLog("eida-worker", line.options.log_level);
  const Status status = RunWorker(line.options);
  if (!status.ok()) fprintf(stderr, "eida-worker: error: %s\n", Message(status).c_str());
  return ExitCode(status);
}

}  // namespace
}  // namespace eida::agent

int main(int argc, char** argv) { return eida::agent::Main(argc, argv); }
