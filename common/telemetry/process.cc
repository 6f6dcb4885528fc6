#include "common/telemetry/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <sstream>

#include "common/base/fs.h"

namespace eida::telemetry {
namespace {

struct Stat {
  double cpu_seconds = 0;
  double start_seconds = 0;  // after boot
  double resident_bytes = 0;
};

// /proc/self/stat, fields after the command name, which may hold anything: state is field 3.
bool ReadStat(Stat* out) {
  const Result<std::string> text = ReadFile("/proc/self/stat");
  if (!text.ok()) return false;
  const size_t close = text->rfind(')');
  if (close == std::string::npos) return false;
  std::istringstream in(text->substr(close + 1));
  std::string skipped;
  double utime = 0, stime = 0, start = 0, pages = 0;
  for (int field = 3; field <= 24 && in; ++field) {
    if (field == 14)
      in >> utime;
    else if (field == 15)
      in >> stime;
    else if (field == 22)
      in >> start;
    else if (field == 24)
      in >> pages;
    else
      in >> skipped;
  }
  if (!in) return false;
  const double tick = static_cast<double>(::sysconf(_SC_CLK_TCK));
  *out = {(utime + stime) / tick, start / tick,
          pages * static_cast<double>(::sysconf(_SC_PAGESIZE))};
  return true;
}

double BootTime() {
  const Result<std::string> text = ReadFile("/proc/stat");
  const size_t at = text.ok() ? text->find("\nbtime ") : std::string::npos;
  return at == std::string::npos ? 0 : std::stod(text->substr(at + 7));
}

}  // namespace

ProcessMetrics::ProcessMetrics(Registry& registry)
    : start_time_(
          registry.NewGauge("process_start_time_seconds", "When the process started, since 1970.")),
      cpu_(registry.NewCounter("process_cpu_seconds_total", "User and system CPU time.")),
      resident_(registry.NewGauge("process_resident_memory_bytes", "Resident memory.")),
      open_fds_(registry.NewGauge("process_open_fds", "Open file descriptors.")),
      max_fds_(registry.NewGauge("process_max_fds", "Limit of open file descriptors.")) {
  Stat stat;
  if (ReadStat(&stat)) start_time_.Set(BootTime() + stat.start_seconds);
  Refresh();
}

void ProcessMetrics::Refresh() {
  std::lock_guard lock(mutex_);
  Stat stat;
  if (ReadStat(&stat)) {
    if (stat.cpu_seconds > cpu_seconds_) cpu_.Add(stat.cpu_seconds - cpu_seconds_);
    cpu_seconds_ = stat.cpu_seconds;
    resident_.Set(stat.resident_bytes);
  }
  const auto fds = ListDir("/proc/self/fd");
  if (fds.ok()) open_fds_.Set(static_cast<double>(fds->size()));
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) max_fds_.Set(static_cast<double>(limit.rlim_cur));
}

}  // namespace eida::telemetry
