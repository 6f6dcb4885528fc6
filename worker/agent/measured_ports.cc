#include "worker/agent/measured_ports.h"

#include "common/base/fs.h"

namespace eida::agent {
namespace {

constexpr int64_t kInlineLimit = 8 << 20;  // what the coordinator keeps in its database

}  // namespace

Result<SyncReply> MeasuredPorts::Sync(const SyncRequest& request, std::stop_token stop) {
  Result<SyncReply> reply = coordinator_.Sync(request, stop);
  if (reply.ok()) {
    if (away_.exchange(false)) metrics_.rpc_reconnects.Add();
  } else if (!stop.stop_requested()) {
    away_ = true;
    if (!request.held.empty()) metrics_.lease_renewal_failures.Add();
  }
  return reply;
}

Result<std::vector<ReportVerdict>> MeasuredPorts::Report(const WorkerId& worker,
                                                         const std::string& session,
                                                         const std::vector<JobReport>& reports,
                                                         std::stop_token stop) {
  return coordinator_.Report(worker, session, reports, std::move(stop));
}

Status MeasuredPorts::Leave(const WorkerId& worker, const std::string& session) {
  return coordinator_.Leave(worker, session);
}

Result<bool> MeasuredPorts::Has(const Digest& digest, std::stop_token stop) {
  return artifacts_.Has(digest, std::move(stop));
}

Status MeasuredPorts::Put(const Digest& digest, const std::string& path, std::stop_token stop) {
  EIDA_RETURN_IF_ERROR(artifacts_.Put(digest, path, std::move(stop)));
  CountTransfer("upload", path);
  return OkStatus();
}

Status MeasuredPorts::Get(const Digest& digest, const std::string& path, std::stop_token stop) {
  EIDA_RETURN_IF_ERROR(artifacts_.Get(digest, path, std::move(stop)));
  CountTransfer("download", path);
  return OkStatus();
}

void MeasuredPorts::CountTransfer(const char* direction, const std::string& path) {
  const Result<int64_t> size = FileSize(path);
  if (!size.ok()) return;
  metrics_.transfer_bytes.Add({direction, *size <= kInlineLimit ? "inline" : "file"},
                              static_cast<double>(*size));
}

}  // namespace eida::agent
