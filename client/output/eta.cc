#include "client/output/eta.h"

#include <algorithm>
#include <cmath>

namespace eida::client {
namespace {

constexpr double kSmoothing = 0.3;    // weight of the newest job
constexpr double kLeastSpread = 0.1;  // of the mean: nobody believes an exact forecast
constexpr int64_t kFinishedForRange = 3;

std::string Coarse(Millis t) { return FormatDuration(Millis((t.count() + 500) / 1000 * 1000)); }

}  // namespace

KindCounts CountsOf(const v1::KindProgress& kind) {
  KindCounts out;
  for (const auto& [state, count] : kind.by_state()) {
    out.all += count;
    if (state == "failed" || state == "skipped" || state == "cancelled") out.bad += count;
    if (state == "succeeded") out.done += count;
    if (state == "running" || state == "leased") out.running += count;
    if (state == "ready") out.ready += count;
  }
  out.done += out.bad;
  return out;
}

void Durations::See(const v1::SweepProgress& progress) {
  for (const v1::KindProgress& now : progress.kinds()) {
    Kind& kind = kinds_[now.kind()];
    const int64_t fresh = now.finished_timed() - kind.finished;
    if (fresh <= 0) continue;
    const double each =
        std::max(0.0, now.finished_seconds() - kind.seconds) / static_cast<double>(fresh);
    if (kind.finished == 0) {
      kind.mean = each;
    } else {
      const double weight = 1 - std::pow(1 - kSmoothing, static_cast<double>(fresh));
      kind.deviation += weight * (std::abs(each - kind.mean) - kind.deviation);
      kind.mean += weight * (each - kind.mean);
    }
    kind.finished = now.finished_timed();
    kind.seconds = now.finished_seconds();
  }
}

TimeLeft Durations::Left(const v1::SweepProgress& progress) const {
  double low = 0, high = 0;
  int64_t finished = 0;
  for (const v1::KindProgress& now : progress.kinds()) {
    const auto seen = kinds_.find(now.kind());
    const Kind kind = seen == kinds_.end() ? Kind() : seen->second;
    finished += kind.finished;
    const KindCounts counts = CountsOf(now);
    const int64_t open = counts.all - counts.done;
    if (open == 0) continue;
    if (kind.finished == 0) {
      if (counts.running + counts.ready > 0) return {};
      continue;
    }
    // No more slots help than there are jobs.
    const auto slots = static_cast<double>(std::clamp<int64_t>(progress.slots_total(), 1, open));
    const double jobs = std::max(0.0, static_cast<double>(open) - now.active_fraction()) / slots;
    const double spread = std::max(kind.deviation, kLeastSpread * kind.mean);
    low += jobs * std::max(0.0, kind.mean - spread);
    high += jobs * (kind.mean + spread);
  }
  if (finished == 0 && high == 0) return {};
  if (finished < kFinishedForRange) low = high = (low + high) / 2;
  return {Millis(std::llround(1000 * low)), Millis(std::llround(1000 * high))};
}

std::string LeftText(const TimeLeft& left) {
  if (!left.known() || left.high < Millis(500)) return "";
  const std::string low = Coarse(left.low), high = Coarse(left.high);
  return low == high ? "about " + high + " left" : low + " to " + high + " left";
}

}  // namespace eida::client
