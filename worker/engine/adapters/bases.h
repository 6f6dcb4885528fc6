// Orthonormal bases of samples and matrices, solved in fp64 on the CPU: the same on every device.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "common/base/status.h"

namespace eida::engine::bases {

// Of a sample [n, d]: the mean's direction, then the leading eigenvectors of the covariance of what
// is left when that direction is taken out; fp32 [k, d], orthonormal rows (SCIENCE 2.1). The basis
// of a smaller k is its beginning. ConfigError naming `what` when the sample spans fewer than k
// directions.
Result<at::Tensor> MeanFirst(const at::Tensor& sample, int64_t k, const std::string& what);

// Mean over the sample's rows of |P x| / |x|, P the projection on the basis' first k rows: the
// cosine between a row and its projection.
double MeanCosine(const at::Tensor& sample, const at::Tensor& basis, int64_t k);

// The leading k singular triples of [m, n]: u [m, k], s [k], v [k, n], fp32; the largest number of
// each column of u is positive.
struct Svd {
  at::Tensor u, s, v;
};
Svd Leading(const at::Tensor& matrix, int64_t k);

}  // namespace eida::engine::bases
