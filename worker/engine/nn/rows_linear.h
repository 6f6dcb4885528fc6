// A linear map whose weights differ from rows to rows.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace eida::engine::nn {

// The rows up to `end` from where the map before ends.
struct RowsMap {
  at::Tensor weight, bias;  // [out, in]; [out] or undefined
  int64_t end = 0;
};

// x W^T + b by each map's rows. x [T, in] and the maps are of one type; differentiable in all.
// Numbers of one map's rows do not depend on the others. REQUIRES: the last end is T.
at::Tensor LinearByRows(const at::Tensor& x, const std::vector<RowsMap>& maps);

}  // namespace eida::engine::nn
