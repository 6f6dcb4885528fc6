// One file over HTTP, resumed where it was cut, and put in place only when it is what was promised.
#pragma once

#include <string>

#include "client/fetch/transport.h"
#include "common/base/status.h"

namespace eida::fetch {

struct Item {
  std::string name;  // of the file, for people and for the manifest
  std::string url;
  std::string path;    // where it is put
  int64_t size = -1;   // as published; -1 = nobody says
  std::string sha256;  // as published; "" = nobody says
  std::string token;
  std::string page;  // where a person can look when it is refused
};

struct Arrived {
  int64_t size = 0;
  std::string sha256;  // as seen
};

// Downloads into `path`.part and renames it in one step when size and digest are right.
//
// What a broken connection, Ctrl-C or a full disk leaves in .part is gone on with by a range
// request, if the server still has the same file (If-Range with the ETag kept in `path`.part-of;
// or, without one, if a published digest will tell). A server without ranges is read from the
// start. DataLoss, with both digests and nothing left of the file, when it is not what was
// published; FailedPrecondition when the disk is too small; Transport's and Refusal's errors.
Result<Arrived> Download(Transport& transport, const Item& item);

// The answer as a string, up to 32 MiB; for APIs.
Result<std::string> GetText(Transport& transport, const Item& item);

}  // namespace eida::fetch
