// Pairs of runs and the paths between them, which matrices draw and soups read.
#pragma once

#include <utility>
#include <vector>

#include "common/plan/draft.h"

namespace eida::plan {

// The runs of an analysis and the pairs that it wants of them, by their places in `runs`. Of two
// selections only the pairs across: rows of the one, columns of the other.
struct Compared {
  std::vector<size_t> runs;  // places in Draft::runs
  size_t rows = 0;           // runs of the first selection
  std::vector<std::pair<size_t, size_t>> pairs;
};
Result<Compared> ComparedBy(const spec::AnalysisSpec& analysis, const Draft& draft);

// The path between two runs (places in Draft::runs) that this analysis measures, and the
// evaluations of its ends. The analysis is one by path.
JobId AddPath(const spec::AnalysisSpec& analysis, size_t i, size_t j, Draft& draft);

}  // namespace eida::plan
