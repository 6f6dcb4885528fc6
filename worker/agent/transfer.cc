#include "worker/agent/transfer.h"

#include <functional>

#include "common/base/fs.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace eida::agent {
namespace {

constexpr int kDamagedTries = 3;

Status Cancelled(const std::string& what) {
  return Status(absl::StatusCode::kCancelled, what + " was cancelled");
}

// A download that would fill the disk is refused before it starts.
Status CheckRoom(const std::string& path, int64_t size) {
  const Result<int64_t> free = FreeBytes(DirName(path));
  if (!free.ok() || size <= *free) return OkStatus();
  return FailedPrecondition("no room in " + DirName(path) + ": needs " + FormatBytes(size) +
                            ", free are " + FormatBytes(*free) +
                            ": make room or give --cache another place");
}

// Runs `attempt` until it succeeds, is stopped, or fails for good.
Status Retry(const std::string& what, Backoff::Options options, std::stop_token stop,
             const std::function<Status()>& attempt) {
  Backoff backoff(options, std::hash<std::string>()(what));
  int damaged = 0;
  for (bool said = false;; said = true) {
    if (stop.stop_requested()) return Cancelled(what);
    const Status status = attempt();
    if (status.ok()) return status;
    if (stop.stop_requested()) return Cancelled(what);
    const bool again = status.code() == absl::StatusCode::kDataLoss && ++damaged < kDamagedTries;
    if (!again && !IsTransient(status)) return Annotate(status, what);
    if (!said) EIDA_WARN("{}: {}; trying again", what, Message(status));
    SleepFor(backoff.Next(), stop);
  }
}

}  // namespace

Result<Pin> Transfer::Fetch(const ArtifactRef& ref, std::stop_token stop) {
  Pin pin;
  const std::string what = "fetch of " + ref.name + " (" + ref.digest.str().substr(0, 12) + ")";
  EIDA_RETURN_IF_ERROR(Retry(what, backoff_, stop, [&]() -> Status {
    Result<Pin> got = cache_.Fetch(
        ref.digest,
        [&](const std::string& path) -> Status {
          EIDA_RETURN_IF_ERROR(CheckRoom(path, ref.size));
          return port_.Get(ref.digest, path, stop);
        },
        stop);
    if (got.ok()) pin = std::move(got).value();
    return got.status();
  }));
  return pin;
}

Status Transfer::Upload(const Digest& digest, const std::string& path, std::stop_token stop) {
  return Retry("upload of " + digest.str().substr(0, 12), backoff_, stop, [&]() -> Status {
    EIDA_ASSIGN_OR_RETURN(const bool present, port_.Has(digest, stop));
    return present ? OkStatus() : port_.Put(digest, path, stop);
  });
}

}  // namespace eida::agent
