#include "server/service/auth.h"

#include <array>
#include <cstring>
#include <utility>

#include "common/rpc/token.h"

namespace eida::service {
namespace {

struct Row {
  const char* method;
  Role role;
};
constexpr std::array kMethods = {
    Row{"SweepService/Submit", Role::kUser},
    Row{"SweepService/Export", Role::kUser},
    Row{"SweepService/Cancel", Role::kUser},
    Row{"SweepService/Retry", Role::kUser},
    Row{"SweepService/ListSweeps", Role::kViewer},
    Row{"SweepService/ListRuns", Role::kViewer},
    Row{"SweepService/ListJobs", Role::kViewer},
    Row{"SweepService/ListCheckpoints", Role::kViewer},
    Row{"SweepService/ListMetrics", Role::kViewer},
    Row{"SweepService/ListLogs", Role::kViewer},
    Row{"SweepService/ListEvents", Role::kViewer},
    Row{"SweepService/ListWorkers", Role::kViewer},
    Row{"SweepService/DrainWorker", Role::kAdmin},
    Row{"SweepService/Watch", Role::kViewer},
    Row{"SweepService/Status", Role::kViewer},
    Row{"WorkerService/Sync", Role::kWorker},
    Row{"WorkerService/Report", Role::kWorker},
    Row{"WorkerService/Leave", Role::kWorker},
    Row{"ArtifactService/Has", Role::kViewer},
    Row{"ArtifactService/Put", Role::kUser},
    Row{"ArtifactService/Get", Role::kViewer},
};

}  // namespace

std::optional<Role> RoleFor(const std::string& method) {
  for (const Row& row : kMethods) {
    if (method == row.method) return row.role;
  }
  return std::nullopt;
}

Guard::Guard(std::string token, std::function<void(const char*)> refused)
    : token_(std::move(token)), refused_(std::move(refused)) {}

Status Guard::Check(const std::string& method, const std::string& authorization) const {
  if (!token_.empty()) {
    const std::string token = rpc::BearerToken(authorization);
    if (!rpc::TokensEqual(token, token_)) {
      refused_(token.empty() ? "missing" : "wrong");
      return Unauthenticated(
          std::string(token.empty() ? "no token came with the call"
                                    : "the token is not this coordinator's") +
          "; give the coordinator's token file with --token-file (it lies in its data directory)");
    }
  }
  // The one token that exists grants every role, so that only a method without a row is left to
  // refuse.
  if (!RoleFor(method)) {
    refused_("forbidden");
    return Unauthenticated(method + ": nobody may call this method");
  }
  return OkStatus();
}

}  // namespace eida::service
