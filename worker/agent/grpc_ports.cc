#include "worker/agent/grpc_ports.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/fs.h"
#include "common/rpc/channel.h"
#include "common/rpc/discovery.h"
#include "common/rpc/status_map.h"
#include "common/wire/messages.h"
#include "eida/v1/artifact.grpc.pb.h"
#include "eida/v1/worker.grpc.pb.h"
#include "worker/agent/backoff.h"

namespace eida::agent {
namespace {

constexpr Millis kLeaveDeadline{3'000};
constexpr Millis kAnnounceTime{
    500};  // a coordinator that just began to listen announces its token within this

class File {
 public:
  File(const std::string& path, int flags)
      : path_(path), fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  Status Check() const { return fd_ >= 0 ? OkStatus() : ErrnoStatus(errno, path_); }
  Status Write(const std::string& data) const {
    for (size_t done = 0; done < data.size();) {
      const ssize_t n = write(fd_, data.data() + done, data.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus(errno, "write " + path_);
      done += static_cast<size_t>(n);
    }
    return OkStatus();
  }
  // "" at the end.
  Result<std::string> Read(size_t size) const {
    std::string data(size, '\0');
    ssize_t n;
    do n = read(fd_, data.data(), size);
    while (n < 0 && errno == EINTR);
    if (n < 0) return ErrnoStatus(errno, "read " + path_);
    data.resize(static_cast<size_t>(n));
    return data;
  }

 private:
  const std::string path_;
  const int fd_;
};

}  // namespace

Result<GrpcPorts::Link> GrpcPorts::Connect() {
  const std::lock_guard lock(mutex_);
  if (link_) return link_;
  // A coordinator without a token (--insecure) announces none; whether one is needed is for its
  // answer to say.
  const Result<std::string> token = rpc::FindToken(address_.address, address_.token_file);
  if (!token.ok() &&
      (token.status().code() != absl::StatusCode::kNotFound || !address_.token_file.empty())) {
    return token.status();
  }
  token_ = token.ok() ? *token : "";
  EIDA_ASSIGN_OR_RETURN(rpc::Connection connection,
                        rpc::Connection::Open({address_.address, token_, address_.ca_file}));
  link_ = std::make_shared<const rpc::Connection>(std::move(connection));
  return link_;
}

Status GrpcPorts::Settle(const Link& link, Status status) {
  if (status.code() != absl::StatusCode::kUnauthenticated || !address_.token_file.empty())
    return status;
  {
    const std::lock_guard lock(mutex_);
    if (link_ != link) return Unavailable("the token has changed");
  }
  SleepFor(kAnnounceTime, {});
  const Result<std::string> token = rpc::FindToken(address_.address, "");
  const std::lock_guard lock(mutex_);
  if (link_ == link && token.ok() && *token != token_) link_.reset();
  if (link_ != link) return Unavailable("the token has changed");
  return token.ok() ? status : Unauthenticated(Message(status) + "; " + Message(token.status()));
}

template <class Call>
Status GrpcPorts::Invoke(const std::string& what, Millis deadline, std::stop_token stop,
                         const Call& call) {
  EIDA_ASSIGN_OR_RETURN(const Link link, Connect());
  grpc::ClientContext context;
  link->Prepare(context, deadline);
  const std::stop_callback cancel(std::move(stop), [&] { context.TryCancel(); });
  return Settle(link, rpc::FromGrpc(call(*link, context), what + " at " + link->address()));
}

Result<SyncReply> GrpcPorts::Sync(const SyncRequest& request, std::stop_token stop) {
  v1::SyncReply reply;
  EIDA_RETURN_IF_ERROR(Invoke("Sync", rpc::kUnaryDeadline + request.wait, stop,
                              [&](const auto& link, auto& context) {
                                return v1::WorkerService::NewStub(link.channel())
                                    ->Sync(&context, wire::ToProto(request), &reply);
                              }));
  return wire::FromProto(reply);
}

Result<std::vector<ReportVerdict>> GrpcPorts::Report(const WorkerId& worker,
                                                     const std::string& session,
                                                     const std::vector<JobReport>& reports,
                                                     std::stop_token stop) {
  v1::ReportReply reply;
  EIDA_RETURN_IF_ERROR(
      Invoke("Report", rpc::kUnaryDeadline, stop, [&](const auto& link, auto& context) {
        return v1::WorkerService::NewStub(link.channel())
            ->Report(&context, wire::ToProto(wire::ReportBatch{worker, session, reports}), &reply);
      }));
  return wire::FromProto(reply, reports.size());
}

Status GrpcPorts::Leave(const WorkerId& worker, const std::string& session) {
  v1::LeaveRequest request;
  request.set_worker(worker.str());
  request.set_session(session);
  v1::LeaveReply reply;
  return Invoke("Leave", kLeaveDeadline, {}, [&](const auto& link, auto& context) {
    return v1::WorkerService::NewStub(link.channel())->Leave(&context, request, &reply);
  });
}

Result<bool> GrpcPorts::Has(const Digest& digest, std::stop_token stop) {
  v1::HasRequest request;
  request.add_digests(digest.str());
  v1::HasReply reply;
  EIDA_RETURN_IF_ERROR(
      Invoke("Has", rpc::kUnaryDeadline, stop, [&](const auto& link, auto& context) {
        return v1::ArtifactService::NewStub(link.channel())->Has(&context, request, &reply);
      }));
  if (reply.present_size() != 1)
    return Internal("Has: the coordinator answered " + std::to_string(reply.present_size()) +
                    " of 1 questions");
  return reply.present(0);
}

Status GrpcPorts::Put(const Digest& digest, const std::string& path, std::stop_token stop) {
  EIDA_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  const File file(path, O_RDONLY);
  EIDA_RETURN_IF_ERROR(file.Check());
  Status local = OkStatus();
  const Status sent = Invoke("Put", Millis(0), stop, [&](const auto& link, auto& context) {
    v1::PutReply reply;
    const auto stub = v1::ArtifactService::NewStub(link.channel());
    const auto stream = stub->Put(&context, &reply);
    v1::PutChunk chunk;
    chunk.set_digest(digest.str());
    chunk.set_size(size);
    for (bool open = true; open;) {
      Result<std::string> data = file.Read(rpc::kChunkBytes);
      local = data.status();
      if (!local.ok()) context.TryCancel();
      if (!local.ok() || (data->empty() && chunk.digest().empty())) break;
      chunk.set_data(*std::move(data));
      open = stream->Write(chunk);
      chunk.Clear();
    }
    stream->WritesDone();
    return stream->Finish();
  });
  return local.ok() ? sent : local;
}

Status GrpcPorts::Get(const Digest& digest, const std::string& path, std::stop_token stop) {
  const File file(path, O_WRONLY | O_CREAT | O_EXCL);
  EIDA_RETURN_IF_ERROR(file.Check());
  v1::GetRequest request;
  request.set_digest(digest.str());
  Status local = OkStatus();
  const Status received = Invoke("Get", Millis(0), stop, [&](const auto& link, auto& context) {
    const auto stub = v1::ArtifactService::NewStub(link.channel());
    const auto stream = stub->Get(&context, request);
    v1::GetChunk chunk;
    while (local.ok() && stream->Read(&chunk)) local = file.Write(chunk.data());
    if (!local.ok()) context.TryCancel();
    return stream->Finish();
  });
  return local.ok() ? received : local;
}

}  // namespace eida::agent
