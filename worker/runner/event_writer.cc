#include "worker/runner/event_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/log_text.h"

namespace eida::runner {
namespace {

constexpr Millis kProgressEvery{100};

}  // namespace

int EventDescriptor() {
  const int flags = ::fcntl(3, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY ? 3 : STDOUT_FILENO;
}

void EventWriter::Write(const std::string& type, int64_t job, Json fields) {
  if (broken_) return;
  fields["event"] = type;
  fields["job"] = job;
  const std::string line = fields.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  size_t written = 0;
  while (written < line.size()) {
    const ssize_t n = ::write(fd_, line.data() + written, line.size() - written);
    if (n >= 0) {
      written += static_cast<size_t>(n);
    } else if (errno != EINTR) {
      broken_ = true;
      LogError("cannot write events to descriptor " + std::to_string(fd_) + ": " +
               Message(ErrnoStatus(errno, "write")));
      return;
    }
  }
}

void JobEvents::Progress(int64_t done, int64_t total, const std::string& unit) {
  const TimePoint now = clock_.Read().mono;
  TimePoint& next = next_progress_[unit];
  if (done < total && now < next) return;
  next = now + kProgressEvery;
  writer_.Write("progress", job_, {{"done", done}, {"total", total}, {"unit", unit}});
}

void JobEvents::Metric(const std::string& series, int64_t step, double value) {
  writer_.Write("metric", job_, {{"series", series}, {"step", step}, {"value", value}});
}

void JobEvents::Checkpoint(int64_t step, const std::string& path, const Json& metrics) {
  writer_.Write(
      "checkpoint", job_,
      {{"step", step}, {"path", path}, {"metrics", metrics.is_null() ? Json::object() : metrics}});
}

}  // namespace eida::runner
