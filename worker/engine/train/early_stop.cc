#include "worker/engine/train/early_stop.h"

#include <cmath>

namespace eida::engine {

bool EarlyStop::Saw(double value, double epochs) {
  const bool number = !std::isnan(value);
  const bool better =
      number && (!state_.best || (s_.maximize ? value > *state_.best : value < *state_.best));
  const bool enough = better && (!state_.best || std::abs(value - *state_.best) > s_.min_delta);
  state_.waited = enough ? 0 : state_.waited + 1;
  if (better) state_.best = value;
  return state_.waited >= s_.patience && epochs >= s_.min_epochs;
}

}  // namespace eida::engine
