#include "common/base/text.h"
#include "worker/analysis/analysis.h"
#include "worker/analysis/matrix.h"
#include "worker/analysis/measures/measures.h"
#include "worker/analysis/output.h"

namespace eida::analysis {

Result<engine::JobResult> RunMatrix(const engine::Job& job, engine::Events& events) {
  EIDA_ASSIGN_OR_RETURN(const MatrixRequest request, ParseMatrixRequest(job));
  EIDA_ASSIGN_OR_RETURN(const Measure measure, FindMeasure(request.metric));
  if (events.StopRequested()) return engine::Preempted();
  events.Progress(0, 1, "matrices");
  EIDA_ASSIGN_OR_RETURN(const std::vector<Matrix> matrices, measure(job, request));
  engine::JobResult result;
  for (size_t k = 0; k < matrices.size(); ++k) {
    const std::string name = k == 0 ? "matrix" : "matrix/" + matrices[k].layer;
    EIDA_RETURN_IF_ERROR(AddJson(job, name, "matrix", "matrix-" + std::to_string(k) + ".json",
                                 MatrixJson(request, matrices[k]), result));
  }
  events.Progress(1, 1, "matrices");
  result.summary = MatrixSummary(request, matrices.front());
  return result;
}

}  // namespace eida::analysis
