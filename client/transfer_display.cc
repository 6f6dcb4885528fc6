#include "client/transfer_display.h"

namespace eida::client {
namespace {

constexpr Millis kRedraw{100}, kPlainEvery{30'000}, kMeasureEvery{500};
constexpr double kNewest = 0.3;  // weight of the newest measurement of the rate

}  // namespace

void TransferDisplay::Begin(const std::string& what, const std::string& file, int64_t done,
                            int64_t total) {
  state_ = {what, file, done, total};
  drawn_.reset();
  measured_.reset();
}

void TransferDisplay::Measure(TimePoint now) {
  if (!measured_) {
    measured_ = now;
    measured_at_ = state_.done;
    return;
  }
  const Millis past = now - *measured_;
  if (past < kMeasureEvery) return;
  const double rate =
      1000.0 * static_cast<double>(state_.done - measured_at_) / static_cast<double>(past.count());
  double& mean = state_.bytes_per_second;
  mean = mean == 0 ? rate : mean + kNewest * (rate - mean);
  measured_ = now;
  measured_at_ = state_.done;
}

void TransferDisplay::Show(const std::string& what, const std::string& file, int64_t done,
                           int64_t total) {
  if (context_.options.quiet) return;
  if (what != state_.what || file != state_.file || done < state_.done)
    Begin(what, file, done, total);
  state_.done = done;
  state_.total = total;
  const TimePoint now = context_.clock->Read().mono;
  Measure(now);
  const bool redraws = Redraws(context_.err_tty, context_.env);
  // A small file's check is over before anybody reads a line about it.
  if (!redraws && !drawn_ && what != "download") drawn_ = now;
  if (drawn_ && now - *drawn_ < (redraws ? kRedraw : kPlainEvery)) return;
  drawn_ = now;
  if (!redraws) {
    *context_.err << TransferLine(state_) << std::endl;
    return;
  }
  *context_.err << "\r\033[K"
                << TransferBar(state_, {context_.width, context_.ErrColor(),
                                        UsesUnicode(context_.err_tty, context_.env)})
                << std::flush;
  bar_ = true;
}

void TransferDisplay::Note(const std::string& text) {
  if (context_.options.quiet) return;
  Erase();
  *context_.err << text << std::endl;
}

void TransferDisplay::Erase() {
  if (bar_) *context_.err << "\r\033[K" << std::flush;
  bar_ = false;
}

}  // namespace eida::client
