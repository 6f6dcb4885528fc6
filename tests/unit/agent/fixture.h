// The agent with a fake coordinator and a fake runner: real processes, real files, no network.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/agent/fakes.h"
#include "worker/agent/agent.h"

namespace eida::agent {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

inline constexpr char kRunner[] = EIDA_BINARY_DIR "/tests/eida-fake-runner";
inline constexpr char kStarted[] = R"(["emit", {"event": "started"}])";
inline constexpr char kDone[] = R"(["emit", {"event": "done", "summary": {"steps": 1}}])";

class AgentTest : public ::testing::Test {
 protected:
  AgentTest() {
    cache_ = Cache::Open(Path("cache"), 0).value();
    options_.worker.id = WorkerId("w1");
    options_.worker.session = "session-1";
    options_.lease.work_dir = Path("work");
    options_.lease.tokens_dir = Path("tokens");
    options_.lease.tokens_limit = 9;
    options_.lease.supervisor = options_.lease.runner = kRunner;
    options_.lease.stop_grace = Millis(5000);
    options_.lease.revoke_grace = Millis(300);
    options_.leave_timeout = Millis(1000);
    options_.backoff = options_.reporter.backoff = {Millis(10), Millis(50)};
    options_.reporter.interval = Millis(20);
    for (int i = 0; i < 2; ++i) {
      Slot slot;
      slot.info = {i, "cpu", {}};
      options_.slots.push_back(slot);
    }
  }
  ~AgentTest() override { Stop(); }

  std::string Path(const std::string& name) { return JoinPath(dir_.path(), name); }
  void Start() {
    agent_ = std::make_unique<Agent>(options_, coordinator_, artifacts_, *cache_, launcher_,
                                     Clock::System());
    thread_ = std::thread([this] { result_ = agent_->Run(); });
  }
  void Stop() {
    if (agent_ == nullptr) return;
    agent_->KillNow();
    Join().IgnoreError();
  }
  Status Join() {
    if (thread_.joinable()) thread_.join();
    agent_.reset();
    return result_;
  }
  static GrantJob Job(int64_t id, const std::string& steps = "") {
    GrantJob job;
    job.job = JobId(id);
    job.attempt = 1;
    job.name = "job-" + std::to_string(id);
    job.spec = steps.empty() ? "{}" : "{\"steps\": [" + steps + "]}";
    return job;
  }
  void Offer(int64_t lease, int slot, std::vector<GrantJob> jobs) {
    coordinator_.Offer({LeaseId(lease), {slot}, std::move(jobs)});
  }
  Finished End(int64_t job) {
    if (!coordinator_.WaitForItem<Finished>(job))
      return {ErrorClass::kNone, "job " + std::to_string(job) + " never ended", "", {}};
    const auto all = coordinator_.Items<Finished>(job);
    EXPECT_EQ(all.size(), 1u);
    return all.front();
  }
  bool NothingHeld() {
    return coordinator_.WaitFor([&] { return coordinator_.last.held.empty(); });
  }
  std::string Until(const std::string& file) { return "[\"until\", \"" + Path(file) + "\"]"; }
  void Touch(const std::string& file) { std::ofstream(Path(file)) << "x"; }
  pid_t ReadPid(const std::string& name) {
    pid_t pid = 0;
    for (int i = 0; i < 6000 && !(std::ifstream(Path(name)) >> pid); ++i) usleep(5000);
    return pid;
  }
  static bool GoneWithin(pid_t pid, int ms) {
    for (int i = 0; i < ms && kill(pid, 0) == 0; i += 5) usleep(5000);
    return kill(pid, 0) != 0;
  }

  TempDir dir_{"eida-agent"};
  FakeCoordinator coordinator_;
  FakeArtifacts artifacts_;
  exec::Launcher launcher_;
  std::unique_ptr<Cache> cache_;
  AgentOptions options_;
  std::unique_ptr<Agent> agent_;
  std::thread thread_;
  Status result_;
};

}  // namespace eida::agent
