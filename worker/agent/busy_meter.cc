#include "worker/agent/busy_meter.h"

namespace eida::agent {

BusyMeter::Work::Work(BusyMeter* meter, Key key) : meter_(meter), key_(std::move(key)) {
  if (meter_ == nullptr) return;
  since_ = meter_->clock_.Read().mono;
  const std::lock_guard lock(meter_->mutex_);
  Tally& tally = meter_->tallies_[key_];
  ++tally.running;
  tally.since_ms += since_.ms;
}

BusyMeter::Work::~Work() {
  if (meter_ == nullptr) return;
  const TimePoint now = meter_->clock_.Read().mono;
  const std::lock_guard lock(meter_->mutex_);
  Tally& tally = meter_->tallies_[key_];
  --tally.running;
  tally.since_ms -= since_.ms;
  tally.done += now - since_;
}

std::map<BusyMeter::Key, double> BusyMeter::Seconds() const {
  const TimePoint now = clock_.Read().mono;
  const std::lock_guard lock(mutex_);
  std::map<Key, double> seconds;
  for (const auto& [key, tally] : tallies_) {
    const int64_t running = tally.running * now.ms - tally.since_ms;
    seconds[key] = static_cast<double>(tally.done.count() + running) / 1000;
  }
  return seconds;
}

}  // namespace eida::agent
