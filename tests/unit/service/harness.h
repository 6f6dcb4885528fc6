// A real coordinator in this process on free ports, clients of its four services, and a worker that
// does no work.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/domain/messages.h"
#include "common/rpc/channel.h"
#include "eida/v1/artifact.grpc.pb.h"
#include "eida/v1/sweep.grpc.pb.h"
#include "eida/v1/worker.grpc.pb.h"
#include "gmock/gmock.h"
#include "server/app/coordinator.h"

namespace eida::testing {

class Client {
 public:
  Client(const std::string& address, const std::string& token);
  std::unique_ptr<grpc::ClientContext> Context(Millis deadline = Millis(20'000)) const;

  // Puts the content; returns its digest.
  Digest Put(const std::string& content);
  Status PutAs(const std::string& digest, int64_t size, const std::string& content,
               bool* existed = nullptr);
  Result<std::string> Get(const Digest& digest);
  Result<v1::SubmitReply> Submit(const v1::SubmitRequest& request);
  std::vector<v1::Job> Jobs(int64_t sweep);
  v1::Sweep Sweep(int64_t sweep);

  rpc::Connection connection;
  std::unique_ptr<v1::SweepService::Stub> sweeps;
  std::unique_ptr<v1::WorkerService::Stub> workers;
  std::unique_ptr<v1::ArtifactService::Stub> artifacts;
};

// A study of 2 variants x 2 seeds with CKA, a convexity gap and a soup over a tiny model, and the
// content that it names.
struct Study {
  v1::SubmitRequest request;
  std::vector<std::string> contents;
};
Study TinyStudyAndContents();
// The request; its content is put first.
v1::SubmitRequest TinyStudy(Client& client);

// Speaks Sync and Report, finishes whatever it is granted.
class FakeWorker {
 public:
  FakeWorker(Client& client, const std::string& id, int slots);
  // One Sync; new grants are added to `open`, revoked ones leave it.
  Status Sync(Millis wait);
  // Reports the whole life of every job that is open. Returns how many reports were accepted.
  int FinishAll();
  int Finish(const Grant& grant);
  Status Start(const Grant& grant);

  std::map<LeaseId, Grant> open;
  std::vector<std::string> done;  // names of the jobs whose end was accepted
  std::string session = "session-1";

 private:
  v1::ReportReply Report(const std::vector<JobReport>& reports);
  Client& client_;
  WorkerRecord record_;
};

class CoordinatorTest : public ::testing::Test {
 protected:
  CoordinatorTest();
  void Start();
  void Stop() { coordinator_.reset(); }
  Client NewClient() { return Client(coordinator_->address().ToString(), Token()); }
  std::string Token() const;
  double Metric(const std::string& series) const;  // -1 = there is none

  TempDir dir_;
  app::ServeOptions options_;
  std::unique_ptr<app::Coordinator> coordinator_;
};

}  // namespace eida::testing
