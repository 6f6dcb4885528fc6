#include "client/output/progress.h"

#include <algorithm>
#include <cmath>

#include "client/scope.h"

namespace eida::client {
namespace {

std::string Counts(const Totals& t) {
  std::string text = std::to_string(t.done) + "/" + std::to_string(t.jobs) + " jobs";
  if (t.reused > 0) text += ", " + std::to_string(t.reused) + " reused";
  if (t.running > 0) text += ", " + std::to_string(t.running) + " running";
  if (t.failed > 0) text += ", " + std::to_string(t.failed) + " failed";
  return text;
}

std::string LastLine(const v1::SweepProgress& progress, const TimeLeft& left, Millis elapsed) {
  const std::string text = LeftText(left);
  return Counts(TotalsOf(progress)) + ", " + FormatDuration(elapsed) +
         (text.empty() ? "" : ", " + text);
}

double Fraction(const v1::Progress& progress) {
  return progress.total() <= 0
             ? 0
             : static_cast<double>(progress.done()) / static_cast<double>(progress.total());
}

std::string KindBars(const v1::SweepProgress& progress, const ProgressStyle& style) {
  std::string out;
  const int bar = std::clamp(style.width - 34, 8, 40);
  for (const v1::KindProgress& kind : progress.kinds()) {
    const KindCounts n = CountsOf(kind);
    if (n.all == 0) continue;
    const double fraction =
        (static_cast<double>(n.done) + kind.active_fraction()) / static_cast<double>(n.all);
    std::string counts = std::to_string(n.done) + "/" + std::to_string(n.all);
    if (n.bad > 0) counts += ", " + std::to_string(n.bad) + " failed";
    const char* paint = !style.color      ? ""
                        : n.bad > 0       ? "\033[31m"
                        : n.done == n.all ? "\033[32m"
                                          : "\033[36m";
    out += "  " + render::FitTo(KindText(kind.kind()), 9) + " " + paint +
           Bar(fraction, bar, style.unicode) + (style.color ? "\033[0m" : "") + " " +
           render::FitTo(counts, std::max(1, std::min(20, style.width - bar - 13))) + "\n";
  }
  return out;
}

// The first line of the text, in one line.
std::string Fitted(const std::string& text, const ProgressStyle& style) {
  return "  " + render::FitTo(text.substr(0, text.find('\n')), style.width - 2) + "\n";
}

}  // namespace

std::string Bar(double fraction, int width, bool unicode) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width * 8 + 1e-9);
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += unicode ? "█" : "#";
  int used = eighths / 8;
  if (unicode && eighths % 8 > 0) bar += kEighths[eighths % 8], ++used;
  return bar + std::string(static_cast<size_t>(width - used), unicode ? ' ' : '.');
}

Totals TotalsOf(const v1::SweepProgress& progress) {
  Totals t;
  for (const v1::KindProgress& kind : progress.kinds()) {
    const KindCounts n = CountsOf(kind);
    t.jobs += n.all;
    t.done += n.done;
    t.failed += n.bad;
    t.reused += kind.reused();
    t.running += n.running;
  }
  return t;
}

std::string ProgressBlock(const v1::SweepProgress& progress, const TimeLeft& left, Millis elapsed,
                          const ProgressStyle& style) {
  std::string out = KindBars(progress, style), running;
  for (const v1::Job& job : progress.active()) {
    running += (running.empty() ? "" : ", ") + job.name();
    if (job.progress().total() > 1)
      running += " " + std::to_string(std::lround(100 * Fraction(job.progress()))) + "%";
  }
  if (!running.empty()) out += Fitted("now: " + running, style);
  return out + Fitted(LastLine(progress, left, elapsed), style);
}

std::string LiveBlock(const v1::SweepProgress& progress, const TimeLeft& left, Millis elapsed,
                      WallTime now, const ProgressStyle& style) {
  constexpr int kMostJobs = 10, kMostFailures = 3, kBar = 12;
  std::string out = KindBars(progress, style);
  int shown = 0;
  for (const v1::Job& job : progress.active()) {
    if (++shown > kMostJobs) break;
    const int name = std::clamp(style.width - 56, 16, 40);
    std::string steps;
    if (job.progress().total() > 0)
      steps = std::to_string(job.progress().done()) + "/" + std::to_string(job.progress().total()) +
              " " + job.progress().unit();
    out += Fitted(render::FitTo(job.name(), name) + " " +
                      Bar(Fraction(job.progress()), kBar, style.unicode) + " " +
                      render::FitTo(steps, 16) + " " +
                      render::FitTo(job.started_ms() <= 0 ? "-"
                                                          : FormatDuration(Millis(std::max<int64_t>(
                                                                0, now.ms - job.started_ms()))),
                                    7) +
                      " " + job.worker(),
                  style);
  }
  if (progress.active_size() > kMostJobs)
    out += Fitted("and " + std::to_string(progress.active_size() - kMostJobs) + " more", style);
  for (int i = std::max(0, progress.failures_size() - kMostFailures); i < progress.failures_size();
       ++i) {
    const v1::Event& e = progress.failures(i);
    out += Fitted(e.type() + " j" + std::to_string(e.job()) + ": " + e.message(), style);
  }
  out += Fitted(std::to_string(progress.slots_busy()) + " of " +
                    std::to_string(progress.slots_total()) +
                    " slots busy, workers: " + std::to_string(progress.workers()),
                style);
  return out + Fitted(LastLine(progress, left, elapsed), style);
}

std::string ProgressLine(const v1::SweepProgress& progress, const TimeLeft& left, Millis elapsed) {
  std::string kinds;
  for (const v1::KindProgress& kind : progress.kinds()) {
    const KindCounts n = CountsOf(kind);
    if (n.all > 0)
      kinds +=
          " " + KindText(kind.kind()) + " " + std::to_string(n.done) + "/" + std::to_string(n.all);
  }
  const std::string text = LeftText(left);
  return "[" + FormatDuration(elapsed) + "]" + kinds + " (" + Counts(TotalsOf(progress)) +
         (text.empty() ? "" : ", " + text) + ")";
}

}  // namespace eida::client
