#include "worker/agent/worker_site.h"

#include "common/rpc/token.h"
#include "worker/agent/identity.h"

namespace eida::agent {

Status CheckSiteAddress(const SiteAddress& address) {
  if (address.tls_cert.empty() != address.tls_key.empty())
    return InvalidArgument("TLS needs both --http-tls-cert and --http-tls-key");
  if (!address.listen || address.listen->IsLoopback()) return OkStatus();
  const std::string where = "--http " + address.listen->ToString();
  if (address.tls_cert.empty()) {
    return InvalidArgument(where +
                           ": beyond loopback the token must travel encrypted; give "
                           "--http-tls-cert and --http-tls-key, or listen on 127.0.0.1");
  }
  if (address.token_file.empty()) {
    return InvalidArgument(where +
                           ": beyond loopback /metrics asks for the coordinator's token; give "
                           "--token-file, or listen on 127.0.0.1");
  }
  return OkStatus();
}

Result<std::unique_ptr<WorkerSite>> WorkerSite::Start(const SiteAddress& address,
                                                      telemetry::WorkerMetrics& metrics,
                                                      const BusyMeter& busy, const Cache& cache) {
  EIDA_RETURN_IF_ERROR(CheckSiteAddress(address));
  std::string token;
  http::ServerOptions options;
  options.listen = *address.listen;
  if (!address.listen->IsLoopback()) {
    EIDA_ASSIGN_OR_RETURN(token, rpc::ReadToken(address.token_file));
    options.tls_cert = address.tls_cert;
    options.tls_key = address.tls_key;
  }
  std::unique_ptr<WorkerSite> site(new WorkerSite(address, token, metrics, busy, cache));
  EIDA_ASSIGN_OR_RETURN(site->server_, http::Server::Start(options, site->site_));
  return site;
}

WorkerSite::WorkerSite(const SiteAddress& address, const std::string& token,
                       telemetry::WorkerMetrics& metrics, const BusyMeter& busy, const Cache& cache)
    : metrics_(metrics), busy_(busy), cache_(cache), site_([&] {
        http::SiteOptions options;
        options.title = "Eida worker";
        options.metrics = [this] { return MetricsText(); };
        options.health = [] { return http::Health{true, ""}; };
        options.status = [] {
          return std::vector<std::pair<std::string, std::string>>{{"version", EIDA_VERSION},
                                                                  {"host", HostName()}};
        };
        options.token = token;
        options.hosts = {address.listen->host, HostName()};
        return options;
      }()) {}

std::string WorkerSite::MetricsText() {
  for (const auto& [key, seconds] : busy_.Seconds()) {
    double& shown = shown_[key];
    metrics_.slot_busy_seconds.Add({key.first, ToString(key.second)}, seconds - shown);
    shown = seconds;
  }
  const Cache::Usage usage = cache_.UsageNow();
  metrics_.cache_bytes.Set({"used"}, static_cast<double>(usage.used));
  metrics_.cache_bytes.Set({"idle"}, static_cast<double>(usage.idle));
  return metrics_.Text();
}

}  // namespace eida::agent
