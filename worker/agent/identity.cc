#include "worker/agent/identity.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::agent {
namespace {

bool IsName(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
         });
}

}  // namespace

std::string HostName() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

std::string RandomHex() {
  uint64_t value = 0;
  while (getrandom(&value, sizeof value, 0) != sizeof value) continue;
  char text[17];
  snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

Result<WorkerId> StableId(const std::string& dir, const std::string& name) {
  if (!name.empty()) {
    if (!IsName(name))
      return InvalidArgument("--name " + name + ": use 1 to 64 letters, digits, '.', '_' or '-'");
    return WorkerId(name);
  }
  const std::string path = JoinPath(dir, "worker-id");
  const Result<std::string> stored = ReadFile(path);
  if (stored.ok() && IsName(std::string(Trim(*stored))))
    return WorkerId(std::string(Trim(*stored)));
  std::string host = HostName().substr(0, 40);
  std::replace_if(
      host.begin(), host.end(),
      [](unsigned char c) { return isalnum(c) == 0 && c != '.' && c != '-'; }, '-');
  const std::string id = host + "-" + RandomHex().substr(0, 8);
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(path, id + "\n"));
  return WorkerId(id);
}

}  // namespace eida::agent
