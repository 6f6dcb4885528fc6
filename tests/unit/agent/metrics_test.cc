// What a worker measures, and that the real program shows it.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "common/base/subprocess.h"
#include "common/rpc/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/agent/fake_server.h"
#include "worker/agent/measured_ports.h"
#include "worker/agent/worker_site.h"

namespace eida::agent {
namespace {

using ::testing::HasSubstr;

// The answer to GET `target`, with its header.
std::string Get(int port, const std::string& target) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) {
    const std::string request =
        "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    (void)!send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    char buffer[4096];
    ssize_t n;
    while ((n = recv(fd, buffer, sizeof buffer, 0)) > 0) answer.append(buffer, n);
  }
  close(fd);
  return answer;
}

double ValueOf(const std::string& text, const std::string& series) {
  const size_t at = ("\n" + text).find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 1));
}

TEST(BusyMeterTest, WorkUnderWayCountsUpToNow) {
  FakeClock clock;
  BusyMeter meter(clock);
  const BusyMeter::Key train{"cpu", JobKind::kTrain};
  {
    const BusyMeter::Work first(&meter, train);
    clock.Advance(Millis(1500));
    const BusyMeter::Work second(&meter, train);
    const BusyMeter::Work nobody(nullptr, train);
    clock.Advance(Millis(500));
    EXPECT_EQ(meter.Seconds().at(train), 2.5);
  }
  clock.Advance(Millis(9000));
  EXPECT_EQ(meter.Seconds().at(train), 2.5);
}

TEST(MeasuredPortsTest, ReconnectsFailedRenewalsAndBytesAreCounted) {
  const TempDir dir;
  FakeCoordinator coordinator;
  FakeArtifacts artifacts;
  telemetry::WorkerMetrics metrics("w1", "");
  MeasuredPorts ports(coordinator, artifacts, metrics);
  SyncRequest idle, holding;
  holding.held = {LeaseId(1)};
  EXPECT_TRUE(ports.Sync(idle, {}).ok());
  coordinator.SetError(Unavailable("away"));
  EXPECT_FALSE(ports.Sync(idle, {}).ok());
  EXPECT_FALSE(ports.Sync(holding, {}).ok());
  coordinator.SetError(OkStatus());
  EXPECT_TRUE(ports.Sync(holding, {}).ok());
  EXPECT_TRUE(ports.Sync(holding, {}).ok());
  const std::string path = dir.path() + "/file";
  ASSERT_TRUE(WriteFileAtomic(path, std::string(1000, 'x')).ok());
  EXPECT_TRUE(ports.Put(DigestOf(std::string(1000, 'x')), path, {}).ok());
  EXPECT_FALSE(ports.Get(DigestOf("nothing"), dir.path() + "/none", {}).ok());
  const std::string text = metrics.Text();
  EXPECT_EQ(ValueOf(text, "eida_worker_rpc_reconnects_total"), 1);
  EXPECT_EQ(ValueOf(text, "eida_worker_lease_renewal_failures_total"), 1);
  EXPECT_EQ(
      ValueOf(text, "eida_worker_transfer_bytes_total{class=\"inline\",direction=\"upload\"}"),
      1000);
  EXPECT_EQ(
      ValueOf(text, "eida_worker_transfer_bytes_total{class=\"inline\",direction=\"download\"}"),
      0);
}

TEST(SiteAddressTest, BeyondLoopbackItNeedsTlsAndAToken) {
  EXPECT_TRUE(CheckSiteAddress({}).ok());
  EXPECT_TRUE(CheckSiteAddress({rpc::Address{"127.0.0.1", 0}, "", "", ""}).ok());
  const rpc::Address all{"0.0.0.0", 0};
  EXPECT_THAT(Message(CheckSiteAddress({all, "", "", "token"})), HasSubstr("--http-tls-cert"));
  EXPECT_THAT(Message(CheckSiteAddress({all, "cert", "key", ""})), HasSubstr("--token-file"));
  EXPECT_THAT(Message(CheckSiteAddress({all, "cert", "", "token"})), HasSubstr("needs both"));
  EXPECT_TRUE(CheckSiteAddress({all, "cert", "key", "token"}).ok());
}

TEST(WorkerHttpTest, TheProgramShowsWhatItDoes) {
  const TempDir dir;
  FakeCoordinator coordinator;
  FakeArtifacts artifacts;
  const std::string token = rpc::LoadOrCreateToken(dir.path() + "/token").value();
  FakeServer server(coordinator, artifacts, token);
  GrantJob job;
  job.job = JobId(1);
  job.attempt = 1;
  job.kind = JobKind::kTrain;
  job.name = "s1/job";
  job.spec = R"({"steps": [["emit", {"event": "started"}], ["sleep", 60000]]})";
  job.inputs = {artifacts.Add("data/train", std::string(5000, 'r'))};
  coordinator.Offer({LeaseId(1), {0}, {job}});
  SubprocessOptions options;
  options.argv = {EIDA_BINARY_DIR "/bin/eida-worker",
                  "run",
                  "--coordinator",
                  server.address(),
                  "--token-file",
                  dir.path() + "/token",
                  "--cache",
                  dir.path() + "/cache",
                  "--runner",
                  EIDA_BINARY_DIR "/tests/eida-fake-runner",
                  "--slots",
                  "1",
                  "--http",
                  "127.0.0.1:0"};
  const std::string log = dir.path() + "/log";
  options.stderr_path = options.stdout_path = log;
  Subprocess worker = Subprocess::Start(options).value();
  ASSERT_TRUE(coordinator.WaitForItem<Started>(1)) << *ReadFile(log);
  usleep(20'000);
  const std::string said = *ReadFile(log), where = "metrics on http://127.0.0.1:";
  ASSERT_THAT(said, HasSubstr(where));
  const int port = std::stoi(said.substr(said.find(where) + where.size()));
  const std::string text = Get(port, "/metrics");
  EXPECT_GT(ValueOf(text, "eida_worker_slot_busy_seconds_total{gpu=\"cpu\",kind=\"train\"}"), 0);
  EXPECT_EQ(ValueOf(text, "eida_worker_cache_bytes{class=\"used\"}"), 5000);
  EXPECT_THAT(text, HasSubstr("eida_worker_info{"));
  EXPECT_THAT(Get(port, "/healthz"), HasSubstr("\r\n\r\nok"));
  EXPECT_THAT(Get(port, "/"), HasSubstr("<h1>Eida worker</h1>"));
  EXPECT_THAT(Get(port, "/secrets"), HasSubstr("404"));
}

}  // namespace
}  // namespace eida::agent
