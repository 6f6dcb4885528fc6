// FakeCoordinator and FakeArtifacts behind real gRPC on a loopback port, with a token.
#pragma once

#include <unistd.h>

#include <memory>
#include <string>

#include "common/rpc/status_map.h"
#include "common/wire/messages.h"
#include "eida/v1/artifact.grpc.pb.h"
#include "eida/v1/worker.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "tests/unit/agent/fakes.h"

namespace eida::agent {

class FakeServer : private v1::WorkerService::Service, private v1::ArtifactService::Service {
 public:
  FakeServer(FakeCoordinator& coordinator, FakeArtifacts& artifacts, std::string token,
             int port = 0)
      : coordinator_(coordinator), artifacts_(artifacts), token_(std::move(token)) {
    // A server that has just ended may still hold the port for a moment; without REUSEPORT no
    // connection goes to it.
    for (int i = 0; i < 2000 && server_ == nullptr; ++i) {
      if (i > 0) usleep(5000);
      grpc::ServerBuilder builder;
      builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
      builder.AddListeningPort("127.0.0.1:" + std::to_string(port),
                               grpc::InsecureServerCredentials(), &port_);
      builder.RegisterService(static_cast<v1::WorkerService::Service*>(this));
      builder.RegisterService(static_cast<v1::ArtifactService::Service*>(this));
      server_ = builder.BuildAndStart();
    }
  }
  ~FakeServer() override { server_->Shutdown(std::chrono::system_clock::time_point{}); }
  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  Status Check(const grpc::ServerContext* context) const {
    const auto it = context->client_metadata().find("authorization");
    const bool known = it != context->client_metadata().end() &&
                       std::string(it->second.data(), it->second.size()) == "Bearer " + token_;
    return known ? OkStatus() : Unauthenticated("the token is not known here");
  }
  template <class F>
  grpc::Status Answer(const grpc::ServerContext* context, F&& body) const {
    Status status = Check(context);
    if (status.ok()) status = body();
    return rpc::ToGrpc(status);
  }
  grpc::Status Sync(grpc::ServerContext* context, const v1::SyncRequest* request,
                    v1::SyncReply* reply) override {
    return Answer(context, [&]() -> Status {
      EIDA_ASSIGN_OR_RETURN(SyncRequest sync, wire::FromProto(*request));
      EIDA_ASSIGN_OR_RETURN(const SyncReply answer, coordinator_.Sync(sync, {}));
      *reply = wire::ToProto(answer);
      return OkStatus();
    });
  }
  grpc::Status Report(grpc::ServerContext* context, const v1::ReportRequest* request,
                      v1::ReportReply* reply) override {
    return Answer(context, [&]() -> Status {
      EIDA_ASSIGN_OR_RETURN(const wire::ReportBatch batch, wire::FromProto(*request));
      EIDA_ASSIGN_OR_RETURN(const auto verdicts,
                            coordinator_.Report(batch.worker, batch.session, batch.reports, {}));
      *reply = wire::ToProto(verdicts);
      return OkStatus();
    });
  }
  grpc::Status Leave(grpc::ServerContext* context, const v1::LeaveRequest* request,
                     v1::LeaveReply*) override {
    return Answer(context, [&] {
      return coordinator_.Leave(WorkerId(request->worker()), request->session());
    });
  }
  grpc::Status Has(grpc::ServerContext* context, const v1::HasRequest* request,
                   v1::HasReply* reply) override {
    return Answer(context, [&] {
      for (const auto& digest : request->digests())
        reply->add_present(artifacts_.Holds(Digest(digest)));
      return OkStatus();
    });
  }
  grpc::Status Put(grpc::ServerContext* context, grpc::ServerReader<v1::PutChunk>* reader,
                   v1::PutReply*) override {
    return Answer(context, [&]() -> Status {
      v1::PutChunk chunk;
      std::string digest, content;
      for (bool first = true; reader->Read(&chunk); first = false) {
        if (first) digest = chunk.digest();
        content += chunk.data();
      }
      if (DigestOf(content).str() != digest) return DataLoss("content and digest differ");
      artifacts_.Add("", content);
      return OkStatus();
    });
  }
  grpc::Status Get(grpc::ServerContext* context, const v1::GetRequest* request,
                   grpc::ServerWriter<v1::GetChunk>* writer) override {
    return Answer(context, [&]() -> Status {
      if (!artifacts_.Holds(Digest(request->digest())))
        return NotFound("artifact " + request->digest() + " is not stored");
      const std::string content = artifacts_.Content(Digest(request->digest()));
      for (size_t at = 0; at < content.size(); at += 100'000) {
        v1::GetChunk chunk;
        if (at == 0) chunk.set_size(static_cast<int64_t>(content.size()));
        chunk.set_data(content.substr(at, 100'000));
        if (!writer->Write(chunk)) break;
      }
      return OkStatus();
    });
  }

  FakeCoordinator& coordinator_;
  FakeArtifacts& artifacts_;
  const std::string token_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace eida::agent
