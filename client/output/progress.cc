#include "client/output/progress.h"

#include <algorithm>
#include <cmath>

#include "common/wire/enums.h"

namespace eida::client {
namespace {

int64_t In(const v1::KindProgress& kind, const std::string& state) {
  const auto found = kind.by_state().find(state);
  return found == kind.by_state().end() ? 0 : found->second;
}

int64_t All(const v1::KindProgress& kind) {
  int64_t n = 0;
  for (const auto& [state, count] : kind.by_state()) n += count;
  return n;
}

int64_t Bad(const v1::KindProgress& kind) {
  return In(kind, "failed") + In(kind, "skipped") + In(kind, "cancelled");
}
int64_t Done(const v1::KindProgress& kind) { return In(kind, "succeeded") + Bad(kind); }

std::string KindText(v1::JobKind kind) {
  const auto value = wire::EnumFromProto<JobKind>(kind, "kind");
  return value.ok() ? ToString(*value) : "?";
}

std::string Bar(double fraction, int width, bool unicode) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width * 8 + 1e-9);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += unicode ? "█" : "#";
  int used = eighths / 8;
  if (unicode && eighths % 8 > 0) bar += kEighths[eighths % 8], ++used;
  return bar + std::string(static_cast<size_t>(width - used), unicode ? ' ' : '.');
}

std::string Counts(const Totals& t) {
  std::string text = std::to_string(t.done) + "/" + std::to_string(t.jobs) + " jobs";
  if (t.reused > 0) text += ", " + std::to_string(t.reused) + " reused";
  if (t.running > 0) text += ", " + std::to_string(t.running) + " running";
  if (t.failed > 0) text += ", " + std::to_string(t.failed) + " failed";
  return text;
}

std::string Left(const v1::SweepProgress& progress) {
  const Millis left = TimeLeft(progress);
  return left.count() < 0
             ? ""
             : ", about " + FormatDuration(Millis(left.count() / 1000 * 1000)) + " left";
}

}  // namespace

Totals TotalsOf(const v1::SweepProgress& progress) {
  Totals t;
  for (const v1::KindProgress& kind : progress.kinds()) {
    t.jobs += All(kind);
    t.done += Done(kind);
    t.failed += Bad(kind);
    t.reused += kind.reused();
    t.running += In(kind, "running") + In(kind, "leased");
  }
  return t;
}

Millis TimeLeft(const v1::SweepProgress& progress) {
  double seconds = 0;
  for (const v1::KindProgress& kind : progress.kinds()) {
    const int64_t open = All(kind) - Done(kind);
    if (open == 0) continue;
    if (kind.finished_timed() == 0) {
      // Nothing of this kind has finished: unknown while it is the one that runs, else left out of
      // an estimate that grows better.
      if (In(kind, "running") + In(kind, "leased") + In(kind, "ready") > 0) return Millis(-1);
      continue;
    }
    const double each = kind.finished_seconds() / static_cast<double>(kind.finished_timed());
    seconds += each * std::max(0.0, static_cast<double>(open) - kind.active_fraction());
  }
  return Millis(static_cast<int64_t>(1000 * seconds / std::max(1, progress.slots_total())));
}

std::string ProgressBlock(const v1::SweepProgress& progress, Millis elapsed,
                          const ProgressStyle& style) {
  std::string out;
  const int bar = std::clamp(style.width - 34, 8, 40);
  for (const v1::KindProgress& kind : progress.kinds()) {
    const int64_t all = All(kind), done = Done(kind);
    if (all == 0) continue;
    const double fraction =
        (static_cast<double>(done) + kind.active_fraction()) / static_cast<double>(all);
    std::string counts = std::to_string(done) + "/" + std::to_string(all);
    if (Bad(kind) > 0) counts += ", " + std::to_string(Bad(kind)) + " failed";
    const char* paint = !style.color    ? ""
                        : Bad(kind) > 0 ? "\033[31m"
                        : done == all   ? "\033[32m"
                                        : "\033[36m";
    out += "  " + render::FitTo(KindText(kind.kind()), 9) + " " + paint +
           Bar(fraction, bar, style.unicode) + (style.color ? "\033[0m" : "") + " " +
           render::FitTo(counts, 20) + "\n";
  }
  std::string running;
  for (const v1::Job& job : progress.active()) {
    running += (running.empty() ? "" : ", ") + job.name();
    if (job.progress().total() > 1)
      running += " " + std::to_string(100 * job.progress().done() / job.progress().total()) + "%";
  }
  if (!running.empty()) out += "  " + render::FitTo("now: " + running, style.width - 2) + "\n";
  out += "  " +
         render::FitTo(Counts(TotalsOf(progress)) + ", " + FormatDuration(elapsed) + Left(progress),
                       style.width - 2) +
         "\n";
  return out;
}

std::string ProgressLine(const v1::SweepProgress& progress, Millis elapsed) {
  std::string kinds;
  for (const v1::KindProgress& kind : progress.kinds()) {
    if (All(kind) > 0)
      kinds += " " + KindText(kind.kind()) + " " + std::to_string(Done(kind)) + "/" +
               std::to_string(All(kind));
  }
  return "[" + FormatDuration(elapsed) + "]" + kinds + " (" + Counts(TotalsOf(progress)) +
         Left(progress) + ")";
}

}  // namespace eida::client
