#include "client/output/transfer.h"

#include <algorithm>
#include <cmath>

#include "common/base/text.h"

namespace eida::client {
namespace {

std::string PercentOf(const TransferState& state) {
  return std::to_string(100 * state.done / std::max<int64_t>(1, state.total)) + "%";
}

std::string Bytes(const TransferState& state) {
  return FormatBytes(state.done) + (state.total < 0 ? "" : " of " + FormatBytes(state.total));
}

// ", 11.2 MiB/s, 21s left"
std::string Pace(const TransferState& state) {
  if (state.bytes_per_second < 1) return "";
  std::string text =
      ", " + FormatBytes(static_cast<int64_t>(std::lround(state.bytes_per_second))) + "/s";
  if (state.total > state.done)
    text += ", " +
            FormatDuration(Millis(static_cast<int64_t>(
                1000 * static_cast<double>(state.total - state.done) / state.bytes_per_second))) +
            " left";
  return text;
}

}  // namespace

std::string TransferBar(const TransferState& state, const ProgressStyle& style) {
  // "43% of 420.0 MiB, 11.2 MiB/s, 1m10s left" and what stands between the columns
  constexpr int kFigures = 46, kNarrowestBar = 8, kWidestBar = 30;
  const std::string name = (state.what == "download" ? "" : state.what + " ") + state.file;
  const int wide = std::clamp(style.width / 4, 8, 26);
  const int bar = std::min(style.width - wide - kFigures, kWidestBar);
  const bool drawn = state.total > 0 && bar >= kNarrowestBar;
  const std::string figures =
      (drawn ? PercentOf(state) + " of " + FormatBytes(state.total) : Bytes(state)) + Pace(state);
  std::string middle;
  if (drawn) {
    const double fraction = static_cast<double>(state.done) / static_cast<double>(state.total);
    middle = std::string(style.color ? "\033[36m" : "") + Bar(fraction, bar, style.unicode) +
             (style.color ? "\033[0m" : "") + " ";
  }
  const int left = style.width - 3 - wide - (drawn ? bar + 1 : 0);
  return "  " + render::FitTo(name, wide) + " " + middle +
         render::FitTo(figures, std::max(1, left));
}

std::string TransferLine(const TransferState& state) {
  return state.what + " " + state.file + ": " + Bytes(state) +
         (state.total > 0 ? " (" + PercentOf(state) + ")" : "") + Pace(state);
}

}  // namespace eida::client
