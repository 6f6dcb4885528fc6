// Ends a run whose evaluations no longer get better, as transformers' EarlyStoppingCallback does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace eida::engine {

struct EarlyStopSettings {
  int64_t patience = 1;  // evaluations
  double min_delta = 0, min_epochs = 0;
  std::string metric;
  bool maximize = false;
};

struct EarlyStopState {
  std::optional<double> best;
  int64_t waited = 0;  // evaluations in a row without an improvement
};

class EarlyStop {
 public:
  explicit EarlyStop(const EarlyStopSettings& settings, EarlyStopState state = {})
      : s_(settings), state_(state) {}
  // An evaluation gave `value` after `epochs`; whether the run should end now. It improves when it
  // is better than the best before by more than min_delta; the best itself moves with any gain.
  // NaN never improves.
  bool Saw(double value, double epochs);
  const EarlyStopSettings& settings() const { return s_; }
  const EarlyStopState& state() const { return state_; }

 private:
  EarlyStopSettings s_;
  EarlyStopState state_;
};

}  // namespace eida::engine
