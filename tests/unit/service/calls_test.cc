// Single calls over real gRPC: what is refused and why, uploads and downloads, long polls and
// watches.
#include <atomic>
#include <chrono>
#include <thread>

#include "common/base/rng.h"
#include "common/rpc/status_map.h"
#include "common/wire/messages.h"
#include "tests/unit/inputs/model_dir.h"
#include "tests/unit/service/harness.h"

namespace eida::testing {
namespace {

using ::testing::HasSubstr;

class CallsTest : public CoordinatorTest {};

TEST_F(CallsTest, ABadSweepFileIsRefusedWithAllItsErrorsAndNothingChanges) {
  Start();
  Client client = NewClient();
  v1::SubmitRequest request = TinyStudy(client);
  request.set_source("apiVersion: eida/v1\nkind: Sweep\nnmae: x\nmodel: {path: 3");
  const auto result = client.Submit(request);
  ASSERT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(result.status()), HasSubstr("tiny.yaml:"));
  v1::ListSweepsReply sweeps;
  ASSERT_TRUE(client.sweeps->ListSweeps(client.Context().get(), {}, &sweeps).ok());
  EXPECT_EQ(sweeps.sweeps_size(), 0);
}

TEST_F(CallsTest, ContentThatIsNotThereIsNamed) {
  Start();
  Client client = NewClient();
  v1::SubmitRequest request = TinyStudy(client);
  const std::string absent = DigestOf("absent").str();
  (*request.mutable_inputs())["reviews.tsv"].mutable_digests()->at("") = absent;
  const auto result = client.Submit(request);
  ASSERT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(result.status()),
              ::testing::AllOf(HasSubstr("reviews.tsv"), HasSubstr(absent)));
  (*request.mutable_inputs())["reviews.tsv"].mutable_digests()->at("") = "../../token";
  EXPECT_EQ(client.Submit(request).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CallsTest, TruncatedModelWeightsAreRefused) {
  Start();
  Client client = NewClient();
  v1::SubmitRequest request = TinyStudy(client);
  auto& files = *(*request.mutable_inputs())["model"].mutable_digests();
  const std::string whole = *client.Get(Digest(files.at("model.safetensors")));
  for (const std::string& broken :
       {whole.substr(0, 4), whole.substr(0, 50), std::string("garbage, not tensors")}) {
    files.at("model.safetensors") = client.Put(broken).str();
    const auto result = client.Submit(request);
    ASSERT_FALSE(result.ok());
    EXPECT_THAT(Message(result.status()), HasSubstr("model/model.safetensors"));
  }
}

TEST_F(CallsTest, ARunStartsFromAnAdapterWhoseFilesAreThere) {
  Start();
  Client client = NewClient();
  v1::SubmitRequest request = TinyStudy(client);
  std::string source = request.source();
  const std::string full = "adapter: {type: none}";
  request.set_source(
      source.replace(source.find(full), full.size(), "adapter: {type: lora, init: peft}"));
  auto result = client.Submit(request);
  EXPECT_THAT(Message(result.status()), HasSubstr("adapter.init \"peft\" were not given"));
  auto& files = *(*request.mutable_inputs())["peft"].mutable_digests();
  const auto contents = inputs::TinyPeftAdapter();
  files["adapter_config.json"] = client.Put(contents.at("adapter_config.json")).str();
  EXPECT_THAT(Message(client.Submit(request).status()), HasSubstr("adapter_model.safetensors are"));
  files["adapter_model.safetensors"] = client.Put("no tensors at all").str();
  EXPECT_THAT(Message(client.Submit(request).status()),
              HasSubstr("peft/adapter_model.safetensors"));
  files["adapter_model.safetensors"] = client.Put(contents.at("adapter_model.safetensors")).str();
  result = client.Submit(request);
  ASSERT_TRUE(result.ok()) << result.status();
}

TEST_F(CallsTest, UnknownThingsAreNotFound) {
  Start();
  Client client = NewClient();
  v1::ListJobsRequest jobs;
  jobs.set_sweep(99);
  v1::ListJobsReply jobs_reply;
  grpc::Status status = client.sweeps->ListJobs(client.Context().get(), jobs, &jobs_reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("s99"));
  jobs.set_sweep(0);
  jobs.add_ids(7);
  status = client.sweeps->ListJobs(client.Context().get(), jobs, &jobs_reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("j7"));
  v1::ListSweepsRequest sweeps;
  sweeps.add_ids(99);
  v1::ListSweepsReply sweeps_reply;
  EXPECT_EQ(client.sweeps->ListSweeps(client.Context().get(), sweeps, &sweeps_reply).error_code(),
            grpc::StatusCode::NOT_FOUND);
  v1::CancelRequest cancel;
  cancel.set_sweep(99);
  v1::CancelReply cancel_reply;
  EXPECT_EQ(client.sweeps->Cancel(client.Context().get(), cancel, &cancel_reply).error_code(),
            grpc::StatusCode::NOT_FOUND);
  v1::DrainWorkerRequest drain;
  drain.set_worker("nobody");
  v1::DrainWorkerReply drain_reply;
  EXPECT_EQ(client.sweeps->DrainWorker(client.Context().get(), drain, &drain_reply).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(client.Get(DigestOf("absent")).status().code(), absl::StatusCode::kNotFound);
  v1::WatchRequest watch;
  watch.set_sweep(99);
  const auto context = client.Context();
  const auto reader = client.sweeps->Watch(context.get(), watch);
  v1::SweepProgress progress;
  EXPECT_FALSE(reader->Read(&progress));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(CallsTest, AReportOfAnArtifactThatIsNotStoredIsRefusedAsAWhole) {
  Start();
  Client client = NewClient();
  const auto submitted = client.Submit(TinyStudy(client));
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  FakeWorker worker(client, "w1", 1);
  ASSERT_TRUE(worker.Sync(Millis(0)).ok());
  const GrantJob job = worker.open.begin()->second.jobs[0];
  Finished finished;
  finished.artifacts = {{"weights", "adapter", DigestOf("absent"), 6, ""}};
  const v1::ReportRequest request = wire::ToProto(wire::ReportBatch{
      WorkerId("w1"), "session-1", {{job.job, job.attempt, {Started{}, finished}}}});
  v1::ReportReply reply;
  const grpc::Status status = client.workers->Report(client.Context().get(), request, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("\"weights\""));
  EXPECT_EQ(client.Jobs(submitted->sweep())[static_cast<size_t>(job.job.value()) - 1].state(),
            v1::JOB_STATE_LEASED);
  EXPECT_EQ(worker.FinishAll(), 1);
}

TEST_F(CallsTest, ContentComesBackAsItWasWhateverItsSize) {
  Start();
  Client client = NewClient();
  Rng rng(1);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{rpc::kChunkBytes},
                            size_t{rpc::kChunkBytes + 1}, size_t{9} << 20}) {
    std::string content(size, '\0');
    for (char& c : content) c = static_cast<char>(rng.Next());
    const Digest digest = client.Put(content);
    const auto back = client.Get(digest);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back == content, true) << size;
    bool existed = false;
    EXPECT_TRUE(client.PutAs(digest.str(), static_cast<int64_t>(size), content, &existed).ok());
    EXPECT_TRUE(existed);
  }
  v1::HasRequest has;
  has.add_digests(DigestOf("").str());
  has.add_digests(DigestOf("absent").str());
  v1::HasReply reply;
  ASSERT_TRUE(client.artifacts->Has(client.Context().get(), has, &reply).ok());
  EXPECT_TRUE(reply.present(0));
  EXPECT_FALSE(reply.present(1));
}

TEST_F(CallsTest, ContentThatIsNotWhatWasAnnouncedIsRefused) {
  Start();
  Client client = NewClient();
  const std::string digest = DigestOf("right").str();
  EXPECT_FALSE(client.PutAs(digest, 5, "wrong").ok());
  EXPECT_FALSE(client.PutAs(digest, 5, "righ").ok());
  EXPECT_FALSE(client.PutAs(digest, 5, "right and more").ok());
  EXPECT_FALSE(client.PutAs(digest, -1, "right").ok());
  EXPECT_FALSE(client.PutAs("../../../etc/passwd", 5, "right").ok());
  EXPECT_EQ(client.Get(Digest(digest)).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(client.PutAs(digest, 5, "right").ok());
}

TEST_F(CallsTest, AParkedSyncIsAnsweredWhenThereIsWork) {
  Start();
  Client client = NewClient();
  const v1::SubmitRequest request = TinyStudy(client);
  FakeWorker worker(client, "w1", 2);
  std::atomic<bool> answered{false};
  std::thread waiting([&] {
    EXPECT_TRUE(worker.Sync(Millis(5'000)).ok());
    answered = true;
  });
  std::this_thread::sleep_for(Millis(100));
  EXPECT_FALSE(answered);
  ASSERT_TRUE(client.Submit(request).ok());
  waiting.join();
  EXPECT_EQ(worker.open.size(), 2u);
}

TEST_F(CallsTest, AnIdleSyncReturnsAfterItsWait) {
  Start();
  Client client = NewClient();
  FakeWorker worker(client, "w1", 1);
  const Stopwatch watch;
  EXPECT_TRUE(worker.Sync(Millis(200)).ok());
  EXPECT_GE(watch.Seconds(), 0.19);
  EXPECT_LT(watch.Seconds(), 3);
}

TEST_F(CallsTest, ACancelledSyncIsForgottenAndTheNextOneServed) {
  Start();
  Client client = NewClient();
  SyncRequest request;
  request.worker.id = WorkerId("w1");
  request.worker.session = "session-1";
  request.worker.slots = {{0, "cpu", {0}}};
  request.wait = Millis(5'000);
  for (int i = 0; i < 20; ++i) {
    const auto context = client.Context(Millis(10 + i));
    v1::SyncReply reply;
    EXPECT_EQ(client.workers->Sync(context.get(), wire::ToProto(request), &reply).error_code(),
              grpc::StatusCode::DEADLINE_EXCEEDED);
  }
  ASSERT_TRUE(client.Submit(TinyStudy(client)).ok());
  FakeWorker worker(client, "w1", 1);
  ASSERT_TRUE(worker.Sync(Millis(0)).ok());
  EXPECT_EQ(worker.open.size(), 1u);
}

TEST_F(CallsTest, ShutdownDoesNotWaitForParkedCallsAndWatches) {
  Start();
  Client client = NewClient();
  const auto submitted = client.Submit(TinyStudy(client));
  ASSERT_TRUE(submitted.ok());
  FakeWorker worker(client, "w1", 0);
  std::thread parked(
      [&] { EXPECT_EQ(worker.Sync(Millis(5'000)).code(), absl::StatusCode::kUnavailable); });
  std::thread watching([&] {
    v1::WatchRequest request;
    request.set_sweep(submitted->sweep());
    const auto context = client.Context();
    const auto reader = client.sweeps->Watch(context.get(), request);
    v1::SweepProgress progress;
    while (reader->Read(&progress)) {
    }
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  });
  std::this_thread::sleep_for(Millis(200));
  const Stopwatch watch;
  coordinator_->Stop(Millis(5'000));
  EXPECT_LT(watch.Seconds(), 2);
  parked.join();
  watching.join();
}

TEST_F(CallsTest, AWatchShowsTheSweepUntilItsEndAtTenHertzAtMost) {
  Start();
  Client client = NewClient();
  const auto submitted = client.Submit(TinyStudy(client));
  ASSERT_TRUE(submitted.ok());
  std::vector<v1::SweepProgress> seen;
  std::thread watching([&] {
    v1::WatchRequest request;
    request.set_sweep(submitted->sweep());
    const auto context = client.Context(Millis(0));
    const auto reader = client.sweeps->Watch(context.get(), request);
    v1::SweepProgress progress;
    while (reader->Read(&progress)) seen.push_back(progress);
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
  });
  const Stopwatch watch;
  FakeWorker worker(client, "w1", 2);
  ASSERT_TRUE(worker.Sync(Millis(0)).ok());
  ASSERT_TRUE(worker.Start(worker.open.begin()->second).ok());
  std::this_thread::sleep_for(Millis(300));
  for (int round = 0;
       round < 200 && client.Sweep(submitted->sweep()).state() == v1::SWEEP_STATE_RUNNING;
       ++round) {
    worker.FinishAll();
    ASSERT_TRUE(worker.Sync(Millis(500)).ok());
  }
  watching.join();
  ASSERT_GE(seen.size(), 2u);
  EXPECT_LE(static_cast<double>(seen.size()), 3 + watch.Seconds() * 10);
  EXPECT_EQ(seen.front().sweep().state(), v1::SWEEP_STATE_RUNNING);
  EXPECT_EQ(seen.back().sweep().state(), v1::SWEEP_STATE_SUCCEEDED);
  bool progress_seen = false;
  for (const v1::SweepProgress& progress : seen) {
    int64_t total = 0;
    for (const v1::KindProgress& kind : progress.kinds()) {
      for (const auto& [state, n] : kind.by_state()) total += n;
      progress_seen = progress_seen || kind.active_fraction() > 0;
    }
    EXPECT_EQ(total, submitted->jobs());
  }
  EXPECT_TRUE(progress_seen);
  EXPECT_EQ(seen.back().kinds(0).finished_timed(), 4);
  EXPECT_EQ(Metric("eida_watch_streams"), 0);
}

TEST_F(CallsTest, FailuresAreShownOnceInTheWatch) {
  Start();
  Client client = NewClient();
  const auto submitted = client.Submit(TinyStudy(client));
  ASSERT_TRUE(submitted.ok());
  FakeWorker worker(client, "w1", 1);
  ASSERT_TRUE(worker.Sync(Millis(0)).ok());
  const GrantJob job = worker.open.begin()->second.jobs[0];
  Finished finished;
  finished.error = ErrorClass::kData;
  finished.message = "row 7 has no label";
  const v1::ReportRequest request = wire::ToProto(wire::ReportBatch{
      WorkerId("w1"), "session-1", {{job.job, job.attempt, {Started{}, finished}}}});
  v1::ReportReply reply;
  ASSERT_TRUE(client.workers->Report(client.Context().get(), request, &reply).ok());
  v1::WatchRequest watch;
  watch.set_sweep(submitted->sweep());
  const auto context = client.Context();
  const auto reader = client.sweeps->Watch(context.get(), watch);
  v1::SweepProgress progress;
  ASSERT_TRUE(reader->Read(&progress));
  ASSERT_EQ(progress.failures_size(), 1);
  EXPECT_EQ(progress.failures(0).type(), "failed");
  EXPECT_THAT(progress.failures(0).message(), HasSubstr("row 7 has no label"));
  v1::CancelRequest cancel;
  cancel.set_sweep(submitted->sweep());
  v1::CancelReply cancelled;
  ASSERT_TRUE(client.sweeps->Cancel(client.Context().get(), cancel, &cancelled).ok());
  while (reader->Read(&progress)) EXPECT_EQ(progress.failures_size(), 0);
  EXPECT_EQ(progress.sweep().state(), v1::SWEEP_STATE_CANCELLED);
  EXPECT_TRUE(reader->Finish().ok());
}

}  // namespace
}  // namespace eida::testing
