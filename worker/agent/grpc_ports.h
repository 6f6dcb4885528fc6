// The ports over gRPC: the coordinator's WorkerService and ArtifactService.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "worker/agent/ports.h"

namespace eida::rpc {
class Connection;
}

namespace eida::agent {

struct CoordinatorAddress {
  std::string address;     // host:port
  std::string token_file;  // "" = what a coordinator on this machine has announced
  std::string ca_file;     // "" = no TLS, to loopback only
};

// Thread-safe; connects on the first call. Without a token file the token is looked up when it is
// needed: the coordinator may start after us, or start again with another token. Unauthenticated
// means that there is no better token to be found.
class GrpcPorts : public CoordinatorPort, public ArtifactPort {
 public:
  explicit GrpcPorts(CoordinatorAddress address) : address_(std::move(address)) {}

  Result<SyncReply> Sync(const SyncRequest& request, std::stop_token stop) override;
  Result<std::vector<ReportVerdict>> Report(const WorkerId& worker, const std::string& session,
                                            const std::vector<JobReport>& reports,
                                            std::stop_token stop) override;
  Status Leave(const WorkerId& worker, const std::string& session) override;
  Result<bool> Has(const Digest& digest, std::stop_token stop) override;
  Status Put(const Digest& digest, const std::string& path, std::stop_token stop) override;
  Status Get(const Digest& digest, const std::string& path, std::stop_token stop) override;

 private:
  using Link = std::shared_ptr<const rpc::Connection>;
  Result<Link> Connect();
  // `status` of a call over `link`; a refused token is looked up again, and if it has changed the
  // call may be tried again.
  Status Settle(const Link& link, Status status);
  // Runs call(link, context) with token, deadline and cancellation.
  template <class Call>
  Status Invoke(const std::string& what, Millis deadline, std::stop_token stop, const Call& call);

  const CoordinatorAddress address_;
  std::mutex mutex_;
  Link link_;          // guarded
  std::string token_;  // of link_; guarded
};

}  // namespace eida::agent
