// The code version of each kind of job. It is part of every fingerprint: raise it when the same
// spec gives another result, and nothing of the old code is reused.
#pragma once

#include "common/domain/enums.h"

namespace eida::plan {

constexpr int CodeVersion(JobKind kind) {
  switch (kind) {
    case JobKind::kTrain:
      return 1;
    case JobKind::kEvaluate:
      return 1;
    case JobKind::kGram:
      return 1;
    case JobKind::kPath:
      return 2;  // with intervals
    case JobKind::kMatrix:
      return 2;  // with intervals and missing pairs
    case JobKind::kSoup:
      return 2;
    case JobKind::kExport:
      return 1;
    case JobKind::kGenerate:
      return 1;
    case JobKind::kObserve:
      return 1;
  }
  return 0;
}

}  // namespace eida::plan
