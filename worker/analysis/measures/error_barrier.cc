// Frankle's barrier of the error rate: its maximum over the path minus the mean of the ends.
#include "worker/analysis/measures/measures.h"

namespace eida::analysis {

Result<std::vector<Matrix>> Measure_error_barrier(const engine::Job& job,
                                                  const MatrixRequest& request) {
  return MatricesFromCurves(job, request);
}

}  // namespace eida::analysis
