#include "client/follow.h"

#include <algorithm>

#include "client/output/progress.h"

namespace eida::client {
namespace {

constexpr Millis kPlainEvery{30'000};
constexpr Millis kRedraw{100};

// Writes over the block that it wrote before.
class LiveBlock {
 public:
  explicit LiveBlock(std::ostream* out) : out_(out) {}
  void Draw(const std::string& block) {
    Erase();
    *out_ << block << std::flush;
    lines_ = std::count(block.begin(), block.end(), '\n');
  }
  void Erase() {
    if (lines_ > 0) *out_ << "\033[" << lines_ << "A\033[J";
    lines_ = 0;
  }

 private:
  std::ostream* out_;
  int64_t lines_ = 0;
};

int64_t KindsComplete(const v1::SweepProgress& progress) {
  return std::count_if(
      progress.kinds().begin(), progress.kinds().end(), [](const v1::KindProgress& kind) {
        return std::all_of(kind.by_state().begin(), kind.by_state().end(), [](const auto& entry) {
          return entry.second == 0 || entry.first == "succeeded" || entry.first == "failed" ||
                 entry.first == "skipped" || entry.first == "cancelled";
        });
      });
}

}  // namespace

Result<FollowResult> Follow(Context& context, Api& api, SweepId sweep, Millis timeout) {
  FollowResult result;
  const TimePoint start = context.clock->Read().mono;
  TimePoint drawn{0}, printed = start;
  int64_t complete = 0;
  LiveBlock live(context.err);
  const bool terminal = context.err_tty && !context.options.quiet;
  const Status status = api.Watch(sweep, [&](const v1::SweepProgress& progress) {
    const TimePoint now = context.clock->Read().mono;
    result.last = progress;
    if (terminal && now - drawn >= kRedraw) {
      live.Draw(ProgressBlock(progress, now - start,
                              {context.width, context.options.color != "never", true}));
      drawn = now;
    }
    const int64_t complete_now = KindsComplete(progress);
    if (!terminal && !context.options.quiet &&
        (now - printed >= kPlainEvery || complete_now > complete)) {
      *context.err << ProgressLine(progress, now - start) << std::endl;
      printed = now;
    }
    complete = complete_now;
    result.interrupted = context.interrupts() > 0;
    result.timed_out = timeout.count() > 0 && now - start >= timeout;
    return !result.interrupted && !result.timed_out;
  });
  if (terminal) live.Erase();
  EIDA_RETURN_IF_ERROR(status);
  return result;
}

int EndedCode(Context& context, const FollowResult& result) {
  if (result.interrupted) return kInterrupted;
  if (result.timed_out) return kTimeout;
  if (result.last.sweep().state() == v1::SWEEP_STATE_SUCCEEDED) return kOk;
  const std::string id = "s" + std::to_string(result.last.sweep().id());
  const bool cancelled = result.last.sweep().state() == v1::SWEEP_STATE_CANCELLED;
  *context.err << "error: sweep " << id << (cancelled ? " was cancelled" : " failed") << "\n";
  int shown = 0;
  for (const v1::Event& event : result.last.failures()) {
    if (++shown > 5) break;
    *context.err << "  j" << event.job() << ": " << event.message() << "\n";
  }
  if (!cancelled)
    *context.err << "See: eidactl get jobs " << id << "   eidactl logs JOB   eidactl retry " << id
                 << "\n";
  return kEndedBadly;
}

}  // namespace eida::client
