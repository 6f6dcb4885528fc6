#include <optional>

#include "eida/v1/artifact.grpc.pb.h"
#include "server/service/services.h"
#include "server/service/transfer.h"

namespace eida::service {
namespace {

using Context = grpc::CallbackServerContext;

// One read in flight; the disk is touched on the pool only.
class PutCall final : public grpc::ServerReadReactor<v1::PutChunk> {
 public:
  PutCall(const CallContext& call, Content& content, v1::PutReply* reply, const Status& allowed)
      : call_(call), upload_(content), reply_(reply) {
    if (allowed.ok()) {
      StartRead(&chunk_);
    } else {
      finished_ = true;
      Finish(rpc::ToGrpc(allowed));
    }
  }
  void OnReadDone(bool ok) override {
    if (finished_) return;
    asio::post(call_.pool, [this, ok] { ok ? Take() : Complete(); });
  }
  void OnDone() override { delete this; }

 private:
  void Take() {
    const Status status = upload_.Take(chunk_);
    if (status.ok()) return StartRead(&chunk_);
    finished_ = true;
    Finish(rpc::ToGrpc(status));
  }
  void Complete() {
    Result<v1::PutReply> reply = upload_.Finish();
    if (reply.ok()) *reply_ = std::move(*reply);
    finished_ = true;
    call_.Reply();
    Finish(rpc::ToGrpc(reply.status()));
  }

  const CallContext& call_;
  Upload upload_;
  v1::PutReply* reply_;
  v1::PutChunk chunk_;
  std::atomic<bool> finished_{false};
};

class GetCall final : public grpc::ServerWriteReactor<v1::GetChunk> {
 public:
  GetCall(const CallContext& call, Content& content, const v1::GetRequest* request,
          const Status& allowed)
      : call_(call) {
    if (!allowed.ok()) {
      Finish(rpc::ToGrpc(allowed));
      return;
    }
    asio::post(call_.pool, [this, &content, request] {
      Result<Download> download = Download::Open(content, *request);
      if (!download.ok()) return Finish(rpc::ToGrpc(download.status()));
      download_.emplace(std::move(*download));
      Next();
    });
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the client went away"));
    asio::post(call_.pool, [this] { Next(); });
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    const Result<bool> more = download_->Next(&chunk_);
    if (!more.ok()) return Finish(rpc::ToGrpc(more.status()));
    if (!*more) return Finish(grpc::Status::OK);
    StartWrite(&chunk_);
  }

  const CallContext& call_;
  std::optional<Download> download_;
  v1::GetChunk chunk_;
};

class ArtifactService final : public v1::ArtifactService::CallbackService {
 public:
  ArtifactService(const CallContext& call, Content& content) : call_(call), content_(content) {}

  grpc::ServerUnaryReactor* Has(Context* context, const v1::HasRequest* request,
                                v1::HasReply* reply) override {
    return Unary(call_, "ArtifactService/Has", context, request, reply, context->DefaultReactor(),
                 [this](const v1::HasRequest& q, Done<v1::HasReply> done) {
                   done(service::Has(content_, q));
                 });
  }
  grpc::ServerReadReactor<v1::PutChunk>* Put(Context* context, v1::PutReply* reply) override {
    return new PutCall(call_, content_, reply, call_.Allow(*context, "ArtifactService/Put"));
  }
  grpc::ServerWriteReactor<v1::GetChunk>* Get(Context* context,
                                              const v1::GetRequest* request) override {
    return new GetCall(call_, content_, request, call_.Allow(*context, "ArtifactService/Get"));
  }

 private:
  const CallContext& call_;
  Content& content_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeArtifactService(const CallContext& call, Content& content) {
  return std::make_unique<ArtifactService>(call, content);
}

}  // namespace eida::service
