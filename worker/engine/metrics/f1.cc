#include "worker/engine/metrics/metric.h"

namespace eida::engine {

// 0 where class 1 is neither there nor guessed.
double Metric_f1(const Measured& results) {
  int64_t both = 0, guessed = 0, there = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    both += results.label[i] == 1 && results.guess[i] == 1;
    guessed += results.guess[i] == 1;
    there += results.label[i] == 1;
  }
  return guessed + there == 0
             ? 0
             : 2.0 * static_cast<double>(both) / static_cast<double>(guessed + there);
}

}  // namespace eida::engine
