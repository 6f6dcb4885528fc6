#include <cmath>

#include "worker/engine/metrics/metric.h"

namespace eida::engine {

// Gorodkin's R_K of any number of classes; of two the phi coefficient. 0 where labels or guesses
// are all of one class, as scikit-learn says.
double Metric_matthews(const Measured& results) {
  const auto n = static_cast<double>(results.size());
  std::vector<double> there(static_cast<size_t>(results.classes)), guessed = there;
  double right = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    right += results.label[i] == results.guess[i];
    ++there[static_cast<size_t>(results.label[i])];
    ++guessed[static_cast<size_t>(results.guess[i])];
  }
  double product = 0, of_labels = 0, of_guesses = 0;
  for (size_t k = 0; k < there.size(); ++k) {
    product += there[k] * guessed[k];
    of_labels += there[k] * there[k];
    of_guesses += guessed[k] * guessed[k];
  }
  const double spread = (n * n - of_labels) * (n * n - of_guesses);
  return spread == 0 ? 0 : (right * n - product) / std::sqrt(spread);
}

}  // namespace eida::engine
