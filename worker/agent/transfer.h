// Moves artifacts between the coordinator and the cache, however long that takes.
#pragma once

#include <stop_token>

#include "worker/agent/backoff.h"
#include "worker/agent/cache.h"
#include "worker/agent/ports.h"

namespace eida::agent {

// Thread-safe. A coordinator that is away is waited for; content that arrives damaged is asked for
// again, three times; every other error is returned, naming the artifact. Cancelled when `stop` is
// requested.
class Transfer {
 public:
  Transfer(ArtifactPort& port, Cache& cache, Backoff::Options backoff)
      : port_(port), cache_(cache), backoff_(backoff) {}
  Result<Pin> Fetch(const ArtifactRef& ref, std::stop_token stop);
  // Nothing is sent when the coordinator has it.
  Status Upload(const Digest& digest, const std::string& path, std::stop_token stop);
  Cache& cache() { return cache_; }

 private:
  ArtifactPort& port_;
  Cache& cache_;
  const Backoff::Options backoff_;
};

}  // namespace eida::agent
