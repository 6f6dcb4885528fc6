#include <fcntl.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "client/api.h"
#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/rpc/channel.h"
#include "common/rpc/status_map.h"
#include "eida/v1/artifact.grpc.pb.h"
#include "eida/v1/sweep.grpc.pb.h"

namespace eida::client {
namespace {

class GrpcApi : public Api {
 public:
  GrpcApi(const rpc::Connection& connection, Millis limit, std::function<eida::Status()> tend)
      : connection_(connection),
        limit_(limit.count() > 0 ? limit : rpc::kUnaryDeadline),
        tend_(std::move(tend)),
        sweeps_(v1::SweepService::NewStub(connection.channel())),
        artifacts_(v1::ArtifactService::NewStub(connection.channel())) {}

#define EIDA_UNARY(Name)                                                    \
  Result<v1::Name##Reply> Name(const v1::Name##Request& request) override { \
    return Call<v1::Name##Reply>(&v1::SweepService::Stub::Name, request);   \
  }
  EIDA_UNARY(Submit)
  EIDA_UNARY(Export)
  EIDA_UNARY(Cancel)
  EIDA_UNARY(Retry)
  EIDA_UNARY(ListSweeps)
  EIDA_UNARY(ListRuns)
  EIDA_UNARY(ListJobs)
  EIDA_UNARY(ListCheckpoints)
  EIDA_UNARY(ListMetrics)
  EIDA_UNARY(ListLogs)
  EIDA_UNARY(ListEvents)
  EIDA_UNARY(ListWorkers)
  EIDA_UNARY(DrainWorker)
  EIDA_UNARY(Status)
#undef EIDA_UNARY

  eida::Status Watch(SweepId sweep,
                     const std::function<bool(const v1::SweepProgress&)>& show) override {
    grpc::ClientContext context;
    connection_.Prepare(context, Millis(0));
    v1::WatchRequest request;
    request.set_sweep(sweep.value());
    const auto stream = sweeps_->Watch(&context, request);
    std::mutex mutex;
    std::condition_variable changed;
    v1::SweepProgress latest;
    bool fresh = false, ended = false, seen = false;
    std::jthread reader([&] {
      v1::SweepProgress next;
      while (stream->Read(&next)) {
        const std::lock_guard lock(mutex);
        latest.Swap(&next);
        fresh = seen = true;
        changed.notify_one();
      }
      const std::lock_guard lock(mutex);
      ended = true;
      changed.notify_one();
    });
    bool wanted = true;
    eida::Status tended;
    while (wanted) {
      std::unique_lock lock(mutex);
      changed.wait_for(lock, std::chrono::milliseconds(100), [&] { return fresh || ended; });
      if (ended && !fresh) break;
      fresh = false;
      const std::optional<v1::SweepProgress> now = seen ? std::optional(latest) : std::nullopt;
      lock.unlock();
      if (tend_) tended = tend_();
      wanted = tended.ok() && (!now || show(*now));
    }
    if (!wanted) context.TryCancel();
    reader.join();
    const grpc::Status status = stream->Finish();
    return wanted ? From(status) : tended;
  }

  Result<std::vector<bool>> Has(const std::vector<Digest>& digests) override {
    v1::HasRequest request;
    for (const Digest& digest : digests) request.add_digests(digest.str());
    v1::HasReply reply;
    grpc::ClientContext context;
    connection_.Prepare(context, limit_);
    EIDA_RETURN_IF_ERROR(From(artifacts_->Has(&context, request, &reply)));
    if (reply.present_size() != static_cast<int>(digests.size()))
      return Internal("the coordinator answered for another number of artifacts");
    return std::vector<bool>(reply.present().begin(), reply.present().end());
  }

  eida::Status Put(const std::string& path, const Digest& digest, int64_t size) override {
    grpc::ClientContext context;
    connection_.Prepare(context, Millis(0));
    v1::PutReply reply;
    const auto writer = artifacts_->Put(&context, &reply);
    std::ifstream file(path, std::ios::binary);
    if (!file) return ErrnoStatus(errno, path);
    v1::PutChunk chunk;
    chunk.set_digest(digest.str());
    chunk.set_size(size);
    std::string buffer(rpc::kChunkBytes, '\0');
    for (bool first = true;; first = false) {
      file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
      const auto n = static_cast<size_t>(file.gcount());
      if (n == 0 && !first) break;
      chunk.set_data(buffer.data(), n);
      if (!writer->Write(chunk)) break;
      chunk.clear_digest();
      chunk.clear_size();
      if (n < buffer.size()) break;
    }
    writer->WritesDone();
    return Annotate(From(writer->Finish()), "upload of " + path);
  }

  Result<std::string> Get(const Digest& digest) override {
    std::string content;
    EIDA_RETURN_IF_ERROR(Stream(digest, [&](const std::string& data) {
      content += data;
      return OkStatus();
    }));
    return content;
  }

  eida::Status GetFile(const Digest& digest, const std::string& path) override {
    const std::string temp = path + ".part";
    const int fd = open(temp.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return ErrnoStatus(errno, temp);
    eida::Status status = Stream(digest, [&](const std::string& data) {
      size_t done = 0;
      while (done < data.size()) {
        const ssize_t n = write(fd, data.data() + done, data.size() - done);
        if (n < 0 && errno != EINTR) return ErrnoStatus(errno, "write " + path);
        if (n > 0) done += static_cast<size_t>(n);
      }
      return OkStatus();
    });
    if (status.ok() && fsync(fd) != 0) status = ErrnoStatus(errno, "fsync " + path);
    close(fd);
    if (status.ok()) return RenameFile(temp, path);
    unlink(temp.c_str());
    return status;
  }

 private:
  eida::Status From(const grpc::Status& status) const {
    return rpc::FromGrpc(status, "coordinator " + connection_.address());
  }

  template <class Reply, class Method, class Request>
  Result<Reply> Call(Method method, const Request& request) {
    Reply reply;
    grpc::ClientContext context;
    connection_.Prepare(context, limit_);
    EIDA_RETURN_IF_ERROR(From((sweeps_.get()->*method)(&context, request, &reply)));
    return reply;
  }

  template <class Take>
  eida::Status Stream(const Digest& digest, Take take) {
    grpc::ClientContext context;
    connection_.Prepare(context, Millis(0));
    v1::GetRequest request;
    request.set_digest(digest.str());
    const auto reader = artifacts_->Get(&context, request);
    v1::GetChunk chunk;
    Sha256 hash;
    while (reader->Read(&chunk)) {
      hash.Update(chunk.data());
      const eida::Status status = take(chunk.data());
      if (!status.ok()) {
        context.TryCancel();
        reader->Finish();
        return status;
      }
    }
    EIDA_RETURN_IF_ERROR(From(reader->Finish()));
    if (hash.FinishHex() != digest.str())
      return DataLoss("artifact " + digest.str().substr(0, 12) + " arrived damaged");
    return OkStatus();
  }

  rpc::Connection connection_;
  Millis limit_;
  std::function<eida::Status()> tend_;
  std::unique_ptr<v1::SweepService::Stub> sweeps_;
  std::unique_ptr<v1::ArtifactService::Stub> artifacts_;
};

}  // namespace

std::unique_ptr<Api> MakeGrpcApi(const rpc::Connection& connection, Millis limit,
                                 std::function<eida::Status()> tend) {
  return std::make_unique<GrpcApi>(connection, limit, std::move(tend));
}

}  // namespace eida::client
