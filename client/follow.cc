#include "client/follow.h"

#include <algorithm>
#include <optional>
#include <string>

#include "client/output/progress.h"

namespace eida::client {
namespace {

constexpr Millis kPlainEvery{30'000};
constexpr Millis kRedraw{100};
constexpr Millis kAskEvery{333};

// Writes over the block that it wrote before.
class Overwriter {
 public:
  explicit Overwriter(std::ostream* out) : out_(out) {}
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
  return std::ranges::count_if(progress.kinds(), [](const v1::KindProgress& kind) {
    const KindCounts n = CountsOf(kind);
    return n.done == n.all;
  });
}

// What is shown while a sweep is followed.
class Display {
 public:
  Display(Context& context, bool live, TimePoint start)
      : context_(context), live_(live), start_(start), printed_(start), block_(context.err) {}

  void Show(const v1::SweepProgress& progress) {
    durations_.See(progress);
    if (context_.options.quiet) return;
    const Now now = context_.clock->Read();
    if (!Redraws(context_.err_tty, context_.env)) return ShowLine(progress, now.mono);
    if (drawn_ && now.mono - *drawn_ < kRedraw) return;
    const ProgressStyle style{context_.width, context_.ErrColor(),
                              UsesUnicode(context_.err_tty, context_.env)};
    const TimeLeft left = durations_.Left(progress);
    block_.Draw(live_ ? LiveBlock(progress, left, now.mono - start_, now.wall, style)
                      : ProgressBlock(progress, left, now.mono - start_, style));
    drawn_ = now.mono;
  }
  void Erase() { block_.Erase(); }

 private:
  void ShowLine(const v1::SweepProgress& progress, TimePoint now) {
    const int64_t complete = KindsComplete(progress);
    if (now - printed_ >= kPlainEvery || complete > complete_) {
      *context_.err << ProgressLine(progress, durations_.Left(progress), now - start_) << std::endl;
      printed_ = now;
    }
    complete_ = complete;
  }

  Context& context_;
  bool live_;
  TimePoint start_, printed_;
  std::optional<TimePoint> drawn_;
  int64_t complete_ = 0;
  Durations durations_;
  Overwriter block_;
};

void AddNew(const v1::SweepProgress& progress, std::vector<v1::Event>* failures) {
  for (const v1::Event& event : progress.failures()) {
    if (failures->empty() || event.id() > failures->back().id()) failures->push_back(event);
  }
}

}  // namespace

Result<FollowResult> Follow(Context& context, Api& api, SweepId sweep, const FollowOptions& options,
                            TimePoint since) {
  FollowResult result;
  const TimePoint start = context.clock->Read().mono;
  if (since.ms == 0) since = start;
  Display display(context, options.live, start);
  std::optional<TimePoint> asked;
  Status failed;
  const auto ask = [&] {
    const Result<Verdict> verdict = options.until(result.last);
    if (verdict.ok())
      result.verdict = *verdict;
    else
      failed = verdict.status();
  };
  const Status status = api.Watch(sweep, [&](const v1::SweepProgress& progress) {
    const TimePoint now = context.clock->Read().mono;
    result.last = progress;
    AddNew(progress, &result.failures);
    display.Show(progress);
    if (options.seen) options.seen(progress);
    if (options.until && (!asked || now - *asked >= kAskEvery)) {
      ask();
      asked = now;
    }
    result.interrupted = context.interrupts() > 0;
    result.timed_out = context.options.limit.count() > 0 && now - since >= context.options.limit;
    return failed.ok() && result.verdict == Verdict::kWait && !result.interrupted &&
           !result.timed_out;
  });
  display.Erase();
  EIDA_RETURN_IF_ERROR(failed);
  EIDA_RETURN_IF_ERROR(status);
  if (options.until && result.verdict == Verdict::kWait && !result.interrupted && !result.timed_out)
    ask();
  EIDA_RETURN_IF_ERROR(failed);
  return result;
}

int EndedCode(Context& context, const FollowResult& result) {
  const std::string id = "s" + std::to_string(result.last.sweep().id());
  if (result.interrupted) return kInterrupted;
  if (result.timed_out) {
    return Fail(context, DeadlineExceeded("--timeout " + context.options.timeout +
                                          " passed before the end of " + id));
  }
  if (result.last.sweep().state() == v1::SWEEP_STATE_SUCCEEDED) return kOk;
  const bool cancelled = result.last.sweep().state() == v1::SWEEP_STATE_CANCELLED;
  *context.err << "error: sweep " << id << (cancelled ? " was cancelled" : " failed") << "\n";
  int shown = 0;
  for (const v1::Event& event : result.failures) {
    if (++shown > 5) break;
    *context.err << "  j" << event.job() << ": " << event.message() << "\n";
  }
  if (!cancelled)
    SuggestNext(context, "eidactl get jobs " + id + "   eidactl logs JOB   eidactl retry " + id);
  return kEndedBadly;
}

}  // namespace eida::client
