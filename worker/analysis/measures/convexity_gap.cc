// How far the straight path rises above its lower convex envelope.
#include "worker/analysis/measures/measures.h"

namespace eida::analysis {

Result<std::vector<Matrix>> Measure_convexity_gap(const engine::Job& job,
                                                  const MatrixRequest& request) {
  return MatricesFromCurves(job, request);
}

}  // namespace eida::analysis
