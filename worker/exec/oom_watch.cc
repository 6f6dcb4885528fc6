#include "worker/exec/oom_watch.h"

#include <cstdlib>

#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::exec {
namespace {

int64_t ReadKills(const std::string& path) {
  if (path.empty()) return 0;
  const Result<std::string> text = ReadFile(path);
  if (!text.ok()) return 0;
  for (const std::string& line : Split(*text, '\n')) {
    if (line.rfind("oom_kill ", 0) == 0) return atoll(line.c_str() + 9);
  }
  return 0;
}

std::string FindCounter() {
  const Result<std::string> groups = ReadFile("/proc/self/cgroup");
  if (!groups.ok()) return "";
  for (const std::string& line : Split(*groups, '\n')) {
    // "0::/a/b" is version 2, "5:memory:/a/b" version 1. Inside a container the path may not exist:
    // then the root's is ours.
    const size_t second = line.find(':', line.find(':') + 1);
    if (second == std::string::npos) continue;
    const std::string group = line.substr(second + 1);
    const bool v2 = line.rfind("0::", 0) == 0;
    if (!v2 && line.find(":memory:") == std::string::npos) continue;
    const std::string root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    const std::string name = v2 ? "/memory.events" : "/memory.oom_control";
    if (FileExists(root + group + name)) return root + group + name;
    if (FileExists(root + name)) return root + name;
  }
  return "";
}

}  // namespace

OomWatch::OomWatch() : OomWatch(FindCounter()) {}
OomWatch::OomWatch(std::string path) : path_(std::move(path)), before_(ReadKills(path_)) {}

std::string OomWatch::Hint() const {
  const int64_t now = ReadKills(path_);
  if (now <= before_) return "";
  return "the kernel's OOM killer struck meanwhile (" + path_ + ": oom_kill " +
         std::to_string(now) + "): give the worker more memory or fewer slots";
}

}  // namespace eida::exec
