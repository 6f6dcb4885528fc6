// Pairwise measures. Each is a line of common/catalog/analyses.def and the file <id>.cc of this
// folder with Measure_<id>.
#pragma once

#include <vector>

#include "worker/analysis/matrix.h"

namespace eida::analysis {

// Answers a matrix request out of what earlier jobs left in job.inputs: at least one matrix, the
// main one first.
using Measure = Result<std::vector<Matrix>> (*)(const engine::Job& job,
                                                const MatrixRequest& request);

// The measure of that name; ConfigError listing the known ones.
Result<Measure> FindMeasure(const std::string& metric);
std::vector<std::string> MeasureNames();

// The matrix of one number of each pair's curve ("convexity_gap", ...), with the curve's other
// numbers as extra. A self pair is 0: there is no path. Curves over different items or alphas do
// not mix: DataError naming the pair.
Result<std::vector<Matrix>> MatricesFromCurves(const engine::Job& job,
                                               const MatrixRequest& request);

}  // namespace eida::analysis
