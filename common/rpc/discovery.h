// How programs of one user on one machine find the token of a coordinator on loopback without being
// told: $XDG_STATE_HOME/eida/servers/<host>_<port>.json (else ~/.local/state/...), mode 0600,
// {address, token_file, pid}.
#pragma once

#include <string>

#include "common/rpc/address.h"

namespace eida::rpc {

// The folder of such files; FailedPrecondition when neither XDG_STATE_HOME nor HOME is set.
Result<std::string> ServersDir();

// Announces a coordinator for the life of the object; the destructor removes the file if it is
// still ours.
class Announcement {
 public:
  static Result<Announcement> Write(const Address& address, const std::string& token_file);
  Announcement(Announcement&& other) noexcept;
  Announcement& operator=(Announcement&&) = delete;
  ~Announcement();
  const std::string& path() const { return path_; }

 private:
  explicit Announcement(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// The token for the coordinator at `address`: from `explicit_file` when that is not empty, else
// from the file that the coordinator announced. NotFound says what to do when there is neither.
Result<std::string> FindToken(const std::string& address, const std::string& explicit_file);

}  // namespace eida::rpc
