#include "tests/unit/service/harness.h"

#include "common/rpc/status_map.h"
#include "common/rpc/token.h"
#include "common/wire/messages.h"
#include "tests/unit/inputs/model_dir.h"

namespace eida::testing {
namespace {

const char* kAnalyses = R"(analyses:
  - {name: cka, type: cka, split: select, layers: [last]}
  - {name: gap, type: convexity_gap, split: select, alphas: 5}
soups:
  - {name: uniform, type: uniform, metric: loss, split: select, report: report}
)";

// What the children of a job of this kind ask for.
std::vector<std::pair<std::string, std::string>> ArtifactsOf(JobKind kind) {
  switch (kind) {
    case JobKind::kTrain:
      return {{"weights", "adapter"}};
    case JobKind::kEvaluate:
      return {{"eval", "eval"}};
    case JobKind::kGram:
      return {{"gram", "gram"}};
    case JobKind::kPath:
      return {{"curve", "curve"}, {"losses", "losses"}};
    case JobKind::kMatrix:
      return {{"matrix", "matrix"}};
    case JobKind::kSoup:
      return {{"soup", "soup"}, {"weights", "model"}};
    case JobKind::kExport:
      return {{"adapter_config.json", "file"}};
    case JobKind::kGenerate:
      return {{"texts", "texts"}};
    case JobKind::kObserve:
      return {{"observation", "observation"}};
  }
  return {};
}

}  // namespace

Client::Client(const std::string& address, const std::string& token)
    : connection(*rpc::Connection::Open({address, token, ""})),
      sweeps(v1::SweepService::NewStub(connection.channel())),
      workers(v1::WorkerService::NewStub(connection.channel())),
      artifacts(v1::ArtifactService::NewStub(connection.channel())) {}

std::unique_ptr<grpc::ClientContext> Client::Context(Millis deadline) const {
  auto context = std::make_unique<grpc::ClientContext>();
  connection.Prepare(*context, deadline);
  return context;
}

Status Client::PutAs(const std::string& digest, int64_t size, const std::string& content,
                     bool* existed) {
  const auto context = Context();
  v1::PutReply reply;
  const auto writer = artifacts->Put(context.get(), &reply);
  v1::PutChunk chunk;
  chunk.set_digest(digest);
  chunk.set_size(size);
  for (size_t at = 0; at == 0 || at < content.size(); at += rpc::kChunkBytes) {
    chunk.set_data(content.substr(at, rpc::kChunkBytes));
    if (!writer->Write(chunk)) break;
    chunk.Clear();
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (existed != nullptr) *existed = reply.existed();
  return rpc::FromGrpc(status, "Put");
}

Digest Client::Put(const std::string& content) {
  const Digest digest = DigestOf(content);
  const Status status = PutAs(digest.str(), static_cast<int64_t>(content.size()), content);
  EXPECT_TRUE(status.ok()) << status;
  return digest;
}

Result<std::string> Client::Get(const Digest& digest) {
  const auto context = Context();
  v1::GetRequest request;
  request.set_digest(digest.str());
  const auto reader = artifacts->Get(context.get(), request);
  std::string out;
  v1::GetChunk chunk;
  int64_t size = -1;
  while (reader->Read(&chunk)) {
    if (size < 0) size = chunk.size();
    out += chunk.data();
  }
  EIDA_RETURN_IF_ERROR(rpc::FromGrpc(reader->Finish(), "Get"));
  EXPECT_EQ(static_cast<int64_t>(out.size()), size);
  return out;
}

Result<v1::SubmitReply> Client::Submit(const v1::SubmitRequest& request) {
  const auto context = Context();
  v1::SubmitReply reply;
  EIDA_RETURN_IF_ERROR(rpc::FromGrpc(sweeps->Submit(context.get(), request, &reply), "Submit"));
  return reply;
}

std::vector<v1::Job> Client::Jobs(int64_t sweep) {
  const auto context = Context();
  v1::ListJobsRequest request;
  request.set_sweep(sweep);
  v1::ListJobsReply reply;
  const grpc::Status status = sweeps->ListJobs(context.get(), request, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return {reply.jobs().begin(), reply.jobs().end()};
}

v1::Sweep Client::Sweep(int64_t sweep) {
  const auto context = Context();
  v1::ListSweepsRequest request;
  request.add_ids(sweep);
  request.set_with_source(true);
  v1::ListSweepsReply reply;
  const grpc::Status status = sweeps->ListSweeps(context.get(), request, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return reply.sweeps_size() == 1 ? reply.sweeps(0) : v1::Sweep();
}

Study TinyStudyAndContents() {
  Study study;
  const auto add = [&](const std::string& content) {
    study.contents.push_back(content);
    return DigestOf(content).str();
  };
  v1::SubmitRequest& request = study.request;
  request.set_source(std::string(inputs::kTinySweep) + kAnalyses);
  request.set_file_name("tiny.yaml");
  auto& model = *(*request.mutable_inputs())["model"].mutable_digests();
  for (const auto& [name, content] : inputs::TinyModel()) model[name] = add(content);
  (*(*request.mutable_inputs())["reviews.tsv"].mutable_digests())[""] = add("text\tlabel\n");
  return study;
}

v1::SubmitRequest TinyStudy(Client& client) {
  const Study study = TinyStudyAndContents();
  for (const std::string& content : study.contents) client.Put(content);
  return study.request;
}

FakeWorker::FakeWorker(Client& client, const std::string& id, int slots) : client_(client) {
  record_.id = WorkerId(id);
  record_.host = "host";
  record_.version = EIDA_VERSION;
  for (int i = 0; i < slots; ++i) record_.slots.push_back({i, "cpu", {i}});
}

Status FakeWorker::Sync(Millis wait) {
  SyncRequest request;
  request.worker = record_;
  request.worker.session = session;
  request.wait = wait;
  for (const auto& [lease, grant] : open) request.held.push_back(lease);
  const auto context = client_.Context();
  v1::SyncReply reply;
  EIDA_RETURN_IF_ERROR(
      rpc::FromGrpc(client_.workers->Sync(context.get(), wire::ToProto(request), &reply), "Sync"));
  EIDA_ASSIGN_OR_RETURN(const SyncReply mapped, wire::FromProto(reply));
  for (const Grant& grant : mapped.grants) open[grant.lease] = grant;
  for (const LeaseId lease : mapped.revoked) open.erase(lease);
  return OkStatus();
}

v1::ReportReply FakeWorker::Report(const std::vector<JobReport>& reports) {
  const auto context = client_.Context();
  v1::ReportReply reply;
  const grpc::Status status = client_.workers->Report(
      context.get(), wire::ToProto(wire::ReportBatch{record_.id, session, reports}), &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return reply;
}

Status FakeWorker::Start(const Grant& grant) {
  for (const GrantJob& job : grant.jobs) {
    const v1::ReportReply reply =
        Report({{job.job, job.attempt, {Started{}, Progress{1, 4, "steps"}}}});
    if (reply.accepted_size() != 1 || !reply.accepted(0))
      return FailedPrecondition("start was refused");
  }
  return OkStatus();
}

int FakeWorker::Finish(const Grant& grant) {
  int accepted = 0;
  for (const GrantJob& job : grant.jobs) {
    for (const ArtifactRef& input : job.inputs)
      EXPECT_TRUE(client_.Get(input.digest).ok()) << job.name << " " << input.name;
    const auto put = [&](const std::string& name, const std::string& kind) {
      const std::string content = job.name + "/" + name;
      return ArtifactRef{name, kind, client_.Put(content), static_cast<int64_t>(content.size()),
                         ""};
    };
    JobReport report{job.job, job.attempt, {Started{}, Progress{1, 2, "steps"}}};
    report.items.push_back(Metrics{{{"train/loss", 1, 0.5}, {"train/loss", 2, 0.25}}});
    report.items.push_back(LogText{1, WallTime{1}, "hello from " + job.name + "\n"});
    if (job.kind == JobKind::kTrain)
      report.items.push_back(CheckpointMade{1, "{}", put("checkpoint", "checkpoint")});
    Finished finished;
    finished.summary = R"({"loss": 0.25, "seconds": 1})";
    for (const auto& [name, kind] : ArtifactsOf(job.kind))
      finished.artifacts.push_back(put(name, kind));
    report.items.push_back(finished);
    const v1::ReportReply reply = Report({report});
    if (reply.accepted_size() == 1 && reply.accepted(0)) {
      ++accepted;
      done.push_back(job.name);
    }
  }
  return accepted;
}

int FakeWorker::FinishAll() {
  int accepted = 0;
  const auto grants = std::move(open);
  open.clear();
  for (const auto& [lease, grant] : grants) accepted += Finish(grant);
  return accepted;
}

CoordinatorTest::CoordinatorTest() {
  options_.data = dir_.path() + "/data";
  options_.listen = {"127.0.0.1", 0};
  options_.announce = false;
}

void CoordinatorTest::Start() {
  auto coordinator = app::Coordinator::Start(options_, Clock::System());
  ASSERT_TRUE(coordinator.ok()) << coordinator.status();
  coordinator_ = std::move(*coordinator);
}

std::string CoordinatorTest::Token() const { return *rpc::ReadToken(coordinator_->token_file()); }

double CoordinatorTest::Metric(const std::string& series) const {
  const std::string text = "\n" + coordinator_->MetricsText();
  const size_t at = text.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
}

}  // namespace eida::testing
