// Points of paths between members that `path` jobs have measured: while the soup is still one
// member, its candidates lie on them.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "worker/analysis/curve.h"
#include "worker/analysis/soups/search.h"
#include "worker/engine/study.h"

namespace eida::analysis {

class PathScores {
 public:
  // Of the inputs path/<a>/<b>, numbers of members; there may be none. DataError naming the input
  // when it is of other items than the study's.
  static Result<PathScores> Read(const engine::Job& job, const engine::Study& study);

  // The score of alpha a + (1 - alpha) b where a path has this very point: bit for bit what
  // evaluating it gives, from whichever end it was measured. It has loss and accuracy only.
  std::optional<SoupScore> Find(int a, int b, double alpha) const;

 private:
  std::map<std::pair<int, int>, Curve> curves_;
};

}  // namespace eida::analysis
