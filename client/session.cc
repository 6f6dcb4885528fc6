#include "client/session.h"

#include <signal.h>

#include <thread>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"
#include "common/rpc/channel.h"
#include "common/rpc/discovery.h"
#include "common/rpc/token.h"

namespace eida::client {
namespace {

constexpr Millis kStartTimeout{20'000};
constexpr Millis kStopTimeout{20'000};
constexpr Millis kLeaveTimeout{5'000};  // of a coordinator whose eidactl was killed
constexpr Millis kWorkerPause{1'000};   // between two starts of a worker
constexpr Millis kWorkerYoung{2'000};   // one that ends sooner did not work
constexpr int kWorkerTries = 3;

class RemoteSession : public Session {
 public:
  explicit RemoteSession(std::unique_ptr<Api> api) : api_(std::move(api)) {}
  Api& api() override { return *api_; }
  bool embedded() const override { return false; }
  std::string directory() const override { return ""; }
  void Stop() override {}

 private:
  std::unique_ptr<Api> api_;
};

Result<std::unique_ptr<Api>> Connect(const std::string& address, const std::string& token,
                                     const std::string& ca, Millis limit,
                                     std::function<Status()> tend = {}) {
  EIDA_ASSIGN_OR_RETURN(const rpc::Connection connection,
                        rpc::Connection::Open({address, token, ca}));
  return MakeGrpcApi(connection, limit, std::move(tend));
}

// Without a token only a coordinator answers that asks for none: whether there is one, and whether
// it does, is better said than that no token was found.
Result<std::unique_ptr<Session>> OpenRemote(const Options& options) {
  const Result<std::string> token = rpc::FindToken(options.server, options.token_file);
  if (!token.ok() && !options.token_file.empty()) return Unauthenticated(Message(token.status()));
  if (!token.ok() && token.status().code() != absl::StatusCode::kNotFound) return token.status();
  EIDA_ASSIGN_OR_RETURN(std::unique_ptr<Api> api, Connect(options.server, token.ok() ? *token : "",
                                                          options.cacert, options.limit));
  if (!token.ok()) {
    const Status answer = api->Status({}).status();
    if (answer.code() == absl::StatusCode::kUnauthenticated)
      return Unauthenticated(Message(token.status()));
    EIDA_RETURN_IF_ERROR(answer);
  }
  return std::unique_ptr<Session>(std::make_unique<RemoteSession>(std::move(api)));
}

// The nearest directory upward that holds .eida; "" when there is none.
std::string FindProject() {
  Result<std::string> at = AbsolutePath(".");
  if (!at.ok()) return "";
  for (std::string dir = *at; !dir.empty(); dir = DirName(dir)) {
    if (IsDirectory(JoinPath(dir, ".eida/data"))) return JoinPath(dir, ".eida");
    if (dir == "/" || dir == ".") break;
  }
  return "";
}

std::string LastLines(const std::string& path) {
  const Result<std::string> text = ReadFile(path);
  if (!text.ok()) return "";
  std::vector<std::string> lines = Split(std::string(Trim(*text)), '\n');
  if (lines.size() > 5) lines.erase(lines.begin(), lines.end() - 5);
  return Join(lines, "\n");
}

// Waits until it ends by itself; kills it at the time limit.
void StopProcess(std::optional<Subprocess>& process, const Clock& clock) {
  if (!process) return;
  process->Kill(SIGTERM);
  const TimePoint limit = clock.Read().mono + kStopTimeout;
  while (!process->Poll() && clock.Read().mono < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  process.reset();
}

// A coordinator of the project's own, and workers on this machine; shared by all eidactl of the
// project while one holds it.
class EmbeddedSession : public Session {
 public:
  EmbeddedSession(std::string directory, const Clock& clock, Millis limit)
      : directory_(std::move(directory)), clock_(clock), limit_(limit) {}
  ~EmbeddedSession() override { Stop(); }
  Api& api() override { return *api_; }
  bool embedded() const override { return true; }
  std::string directory() const override { return directory_; }

  void Stop() override {
    StopProcess(worker_, clock_);
    StopProcess(coordinator_, clock_);
  }

  Status Start(bool workers) {
    EIDA_RETURN_IF_ERROR(MakeDirs(directory_, 0700));
    EIDA_RETURN_IF_ERROR(MakeDirs(Path("data"), 0700));
    keeps_worker_ = workers;
    // Another eidactl may be starting one too: whoever loses the race finds the winner's.
    Status status;
    for (int attempt = 0; attempt < 3; ++attempt) {
      if (JoinOrAwaitEnd()) return workers && Workers() == 0 ? StartWorker() : OkStatus();
      status = StartCoordinator();
      if (status.ok()) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
    EIDA_RETURN_IF_ERROR(status);
    return workers ? StartWorker() : OkStatus();
  }

 private:
  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }

  // Joins the coordinator that another eidactl of this project runs. One that runs and does not
  // answer is leaving, because its eidactl was killed: false when it is gone.
  bool JoinOrAwaitEnd() {
    const TimePoint limit = clock_.Read().mono + kLeaveTimeout;
    do {
      const Result<Json> ready = ReadJsonFile(Path("server.json"));
      const auto pid = ready.ok() ? GetOr<int64_t>(*ready, "pid", 0) : 0;
      if (pid <= 0 || kill(static_cast<pid_t>(pid), 0) != 0) return false;
      if (Open(*ready).ok()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    } while (clock_.Read().mono < limit);
    return false;
  }

  // Workers that the coordinator knows; -1 when it does not answer.
  int Workers() {
    const Result<v1::StatusReply> status = api_->Status({});
    return status.ok() ? status->workers() : -1;
  }

  // Starts the worker again when it has ended; an error when that does not help.
  Status Tend() {
    if (!keeps_worker_ || !worker_started_) return OkStatus();
    const TimePoint now = clock_.Read().mono;
    if (worker_) {
      const std::optional<ExitStatus> exit = worker_->Poll();
      if (!exit) return OkStatus();
      worker_.reset();
      // Another eidactl of this project may run one: then this one finds its folder in use.
      const bool useless = now - *worker_started_ < kWorkerYoung && Workers() <= 0;
      worker_failures_ = useless ? worker_failures_ + 1 : 0;
      if (worker_failures_ == kWorkerTries)
        return FailedPrecondition("the embedded worker does not stay (" + exit->ToString() +
                                  "); its last words (" + Path("worker.log") + "):\n" +
                                  LastLines(Path("worker.log")));
    }
    return now - *worker_started_ < kWorkerPause ? OkStatus() : StartWorker();
  }

  Status Open(const Json& ready) {
    EIDA_ASSIGN_OR_RETURN(address_, Require<std::string>(ready, "address", Path("server.json")));
    EIDA_ASSIGN_OR_RETURN(const std::string token, rpc::ReadToken(Path("data/token")));
    EIDA_ASSIGN_OR_RETURN(api_, Connect(address_, token, "", limit_, [this] { return Tend(); }));
    return api_->Status({}).status();
  }

  Status StartCoordinator() {
    RemoveTree(Path("server.json")).IgnoreError();
    SubprocessOptions options;
    options.argv = {JoinPath(ProgramDir(), "eida-coordinator"),
                    "serve",
                    "--data",
                    Path("data"),
                    "--listen",
                    "127.0.0.1:0",
                    "--ready-file",
                    Path("server.json"),
                    "--die-with-parent"};
    options.stdout_path = options.stderr_path = Path("coordinator.log");
    EIDA_ASSIGN_OR_RETURN(Subprocess process, Subprocess::Start(options));
    coordinator_ = std::move(process);
    const TimePoint limit = clock_.Read().mono + kStartTimeout;
    while (clock_.Read().mono < limit) {
      if (const Result<Json> ready = ReadJsonFile(Path("server.json")); ready.ok())
        return Open(*ready);
      if (const std::optional<ExitStatus> exit = coordinator_->Poll()) {
        coordinator_.reset();
        return FailedPrecondition("the embedded coordinator ended (" + exit->ToString() +
                                  "); its last words (" + Path("coordinator.log") + "):\n" +
                                  LastLines(Path("coordinator.log")));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    coordinator_.reset();
    return DeadlineExceeded("the embedded coordinator did not come up in 20 s; see " +
                            Path("coordinator.log"));
  }

  Status StartWorker() {
    SubprocessOptions options;
    options.argv = {JoinPath(ProgramDir(), "eida-worker"),
                    "run",
                    "--coordinator",
                    address_,
                    "--token-file",
                    Path("data/token"),
                    "--cache",
                    Path("cache"),
                    "--die-with-parent"};
    options.stdout_path = options.stderr_path = Path("worker.log");
    EIDA_ASSIGN_OR_RETURN(Subprocess process, Subprocess::Start(options));
    worker_ = std::move(process);
    worker_started_ = clock_.Read().mono;
    return OkStatus();
  }

  std::string directory_, address_;
  const Clock& clock_;
  Millis limit_;
  std::optional<Subprocess> coordinator_, worker_;
  bool keeps_worker_ = false;
  std::optional<TimePoint> worker_started_;  // absent while another eidactl's worker works
  int worker_failures_ = 0;                  // in a row
  std::unique_ptr<Api> api_;
};

}  // namespace

Result<std::unique_ptr<Session>> OpenSession(const Options& options, Need need,
                                             const Clock& clock) {
  if (!options.server.empty()) return OpenRemote(options);
  std::string project = FindProject();
  if (project.empty()) {
    if (need != Need::kProject) {
      return NotFound(
          "there is no .eida here or above, and no --server was given: start with `eidactl run "
          "sweep.yaml`, or name a coordinator with --server or EIDA_SERVER");
    }
    EIDA_ASSIGN_OR_RETURN(project, AbsolutePath(".eida"));
  }
  auto session = std::make_unique<EmbeddedSession>(project, clock, options.limit);
  EIDA_RETURN_IF_ERROR(session->Start(need != Need::kExisting));
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace eida::client
