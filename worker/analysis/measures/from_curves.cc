#include <optional>

#include "worker/analysis/curve.h"
#include "worker/analysis/measures/measures.h"

namespace eida::analysis {
namespace {

constexpr const char* kNumbers[] = {"convexity_gap", "barrier", "error_barrier", "relative_gap"};

std::optional<Interval> IntervalOf(const Curve& curve, const std::string& number) {
  if (!curve.intervals) return std::nullopt;
  if (number == "barrier") return curve.intervals->barrier;
  if (number == "error_barrier") return curve.intervals->error_barrier;
  return curve.intervals->convexity_gap;
}

// Is the member's model known to be there? Not when all that was asked of it is missing.
bool HasModel(const MatrixRequest& request, int member) {
  bool missing = false;
  for (const auto& [i, j] : request.pairs) {
    if (i != member && j != member) continue;
    if (!request.Misses(i, j)) return true;
    missing = true;
  }
  return !missing;
}

}  // namespace

Result<std::vector<Matrix>> MatricesFromCurves(const engine::Job& job,
                                               const MatrixRequest& request) {
  const size_t size = request.members.size();
  Matrix matrix;
  for (const char* number : kNumbers) {
    Values& values = matrix.extra[number] = EmptyValues(size);
    for (size_t i = 0; i < size; ++i) {
      if (HasModel(request, static_cast<int>(i))) values[i][i] = 0;
    }
  }
  matrix.low = matrix.high = EmptyValues(size);
  std::optional<Curve> first;
  std::string first_role;
  for (const auto& [i, j] : request.pairs) {
    if (request.Misses(i, j)) continue;
    const std::string role = "pair/" + std::to_string(i) + "/" + std::to_string(j);
    EIDA_ASSIGN_OR_RETURN(const std::string path, engine::Input(job, role));
    EIDA_ASSIGN_OR_RETURN(const Curve curve, ReadCurve(path));
    if (first && (curve.item_hash != first->item_hash || curve.alphas != first->alphas ||
                  curve.split != first->split || curve.space != first->space)) {
      return engine::DataError("job " + job.name + ": " + role +
                               " was measured on other items, alphas or space than " + first_role +
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
    if (const auto interval = IntervalOf(curve, request.metric)) {
      (*matrix.low)[i][j] = (*matrix.low)[j][i] = interval->low;
      (*matrix.high)[i][j] = (*matrix.high)[j][i] = interval->high;
    }
    if (!first) first = curve, first_role = role;
  }
  matrix.values = matrix.extra[request.metric];
  if (first) {
    matrix.detail = {{"n", first->n},
                     {"split", first->split},
                     {"item_hash", first->item_hash},
                     {"space", first->space},
                     {"alphas", first->alphas.size()}};
    if (first->intervals) {
      matrix.detail["confidence"] = first->intervals->level;
      matrix.detail["bootstrap_draws"] = first->intervals->draws;
    }
  }
  return std::vector<Matrix>{std::move(matrix)};
}

}  // namespace eida::analysis
