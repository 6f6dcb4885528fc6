// What the agent asks of the world outside its process. Two implementations: gRPC (grpc_ports.h)
// and fakes in memory (tests).
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/domain/messages.h"

namespace eida::agent {

// Thread-safe. Every call ends when `stop` is requested, with any error. Unavailable and
// DeadlineExceeded mean "try again"; Unauthenticated means that the token is wrong.
class CoordinatorPort {
 public:
  virtual ~CoordinatorPort() = default;
  virtual Result<SyncReply> Sync(const SyncRequest& request, std::stop_token stop) = 0;
  // One verdict per report, in order. Durable at the coordinator when it returns.
  virtual Result<std::vector<ReportVerdict>> Report(const WorkerId& worker,
                                                    const std::string& session,
                                                    const std::vector<JobReport>& reports,
                                                    std::stop_token stop) = 0;
  virtual Status Leave(const WorkerId& worker, const std::string& session) = 0;
};

// Thread-safe; the same rules.
class ArtifactPort {
 public:
  virtual ~ArtifactPort() = default;
  virtual Result<bool> Has(const Digest& digest, std::stop_token stop) = 0;
  virtual Status Put(const Digest& digest, const std::string& path, std::stop_token stop) = 0;
  // Writes the content to `path`, which does not exist. The caller verifies it and removes it after
  // an error.
  virtual Status Get(const Digest& digest, const std::string& path, std::stop_token stop) = 0;
};

}  // namespace eida::agent
