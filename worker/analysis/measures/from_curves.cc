#include <optional>

#include "worker/analysis/curve.h"
#include "worker/analysis/measures/measures.h"

namespace eida::analysis {
namespace {

constexpr const char* kNumbers[] = {"convexity_gap", "barrier", "error_barrier", "relative_gap"};

}  // namespace

Result<std::vector<Matrix>> MatricesFromCurves(const engine::Job& job,
                                               const MatrixRequest& request) {
  const size_t size = request.members.size();
  Matrix matrix;
  for (const char* number : kNumbers) {
    Values& values = matrix.extra[number] = EmptyValues(size);
    for (size_t i = 0; i < size; ++i) values[i][i] = 0;
  }
  std::optional<Curve> first;
  std::string first_role;
  for (const auto& [i, j] : request.pairs) {
    const std::string role = "pair/" + std::to_string(i) + "/" + std::to_string(j);
    EIDA_ASSIGN_OR_RETURN(const std::string path, engine::Input(job, role));
    EIDA_ASSIGN_OR_RETURN(const Curve curve, ReadCurve(path));
    if (first && (curve.item_hash != first->item_hash || curve.alphas != first->alphas ||
                  curve.split != first->split)) {
      return engine::DataError("job " + job.name + ": " + role +
                               " was measured on other items or alphas than " + first_role +
                               "; one matrix holds one measurement");
    }
    if (i == j) continue;
    matrix.extra["convexity_gap"][i][j] = matrix.extra["convexity_gap"][j][i] =
        curve.gap.convexity_gap;
    matrix.extra["barrier"][i][j] = matrix.extra["barrier"][j][i] = curve.gap.barrier;
    matrix.extra["error_barrier"][i][j] = matrix.extra["error_barrier"][j][i] =
        curve.gap.error_barrier;
    matrix.extra["relative_gap"][i][j] = matrix.extra["relative_gap"][j][i] =
        curve.gap.relative_gap;
    if (!first) first = curve, first_role = role;
  }
  matrix.values = matrix.extra[request.metric];
  if (first) {
    matrix.detail = {{"n", first->n},
                     {"split", first->split},
                     {"item_hash", first->item_hash},
                     {"alphas", first->alphas.size()}};
  }
  return std::vector<Matrix>{std::move(matrix)};
}

}  // namespace eida::analysis
