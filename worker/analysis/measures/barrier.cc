// How far the straight path rises above the chord between its two ends.
#include "worker/analysis/measures/measures.h"

namespace eida::analysis {

Result<std::vector<Matrix>> Measure_barrier(const engine::Job& job, const MatrixRequest& request) {
  return MatricesFromCurves(job, request);
}

}  // namespace eida::analysis
