#include "common/rpc/discovery.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/rpc/token.h"

namespace eida::rpc {
namespace {

// localhost and 127.0.0.1 are the same server to the people who type them.
std::string FileName(const Address& address) {
  std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  std::replace(host.begin(), host.end(), ':', '-');
  return host + "_" + std::to_string(address.port) + ".json";
}

}  // namespace

Result<std::string> ServersDir() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state != '\0') return JoinPath(state, "eida/servers");
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return JoinPath(home, ".local/state/eida/servers");
  return FailedPrecondition(
      "the folder for server announcements is unknown: set HOME or XDG_STATE_HOME");
}

Result<Announcement> Announcement::Write(const Address& address, const std::string& token_file) {
  EIDA_ASSIGN_OR_RETURN(const std::string dir, ServersDir());
  EIDA_RETURN_IF_ERROR(MakeDirs(dir, 0700));
  EIDA_ASSIGN_OR_RETURN(const std::string token_path, AbsolutePath(token_file));
  const Json content = {{"address", address.ToString()},
                        {"token_file", token_path},
                        {"pid", static_cast<int64_t>(::getpid())}};
  const std::string path = JoinPath(dir, FileName(address));
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(path, Pretty(content), 0600));
  return Announcement(path);
}

Announcement::Announcement(Announcement&& other) noexcept : path_(std::move(other.path_)) {
  other.path_.clear();
}

Announcement::~Announcement() {
  if (path_.empty()) return;
  const Result<Json> content = ReadJsonFile(path_);
  if (content.ok() && GetOr<int64_t>(*content, "pid", 0) == ::getpid()) ::unlink(path_.c_str());
}

Result<std::string> FindToken(const std::string& address, const std::string& explicit_file) {
  if (!explicit_file.empty()) return ReadToken(explicit_file);
  EIDA_ASSIGN_OR_RETURN(const Address parsed, ParseAddress(address));
  EIDA_ASSIGN_OR_RETURN(const std::string dir, ServersDir());
  const std::string path = JoinPath(dir, FileName(parsed));
  if (!FileExists(path)) {
    return NotFound(
        "no token for the coordinator at " + parsed.ToString() +
        ": no coordinator of this user has announced itself there (" + path +
        "); start one with `eida-coordinator serve`, or name its token file with --token-file");
  }
  EIDA_ASSIGN_OR_RETURN(const Json content, ReadJsonFile(path));
  EIDA_ASSIGN_OR_RETURN(const std::string token_file,
                        Require<std::string>(content, "token_file", path));
  const Result<std::string> token = ReadToken(token_file);
  if (!token.ok()) return Annotate(token.status(), "announced in " + path);
  return token;
}

}  // namespace eida::rpc
