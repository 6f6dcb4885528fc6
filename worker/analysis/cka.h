// Linear centred kernel alignment between many models at once: each model becomes one vector, all
// pairs one product.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "worker/analysis/matrix.h"

namespace eida::analysis {

// The upper triangle of a centred Gram matrix, row-major, off-diagonal times sqrt 2, f32 [n(n+1)/2]
// on the CPU: the dot product of two such vectors is the trace inner product of the matrices (HSIC
// up to a factor).
struct GramVectors {
  at::Tensor biased;    // K = Xc Xc^T of the column-centred features
  at::Tensor unbiased;  // the same, U-centred (Szekely): zero diagonal, E <K, L> = 0 for
                        // independent features
};

// `features` is [n, d], any device, n >= 4 (U-centring divides by n - 3 degrees of freedom). The
// Gram is taken in fp32.
GramVectors MakeGramVectors(const at::Tensor& features);

// CKA of all pairs: <u, v> / sqrt(<u, u> <v, v>), one product in fp64. Exactly symmetric, diagonal
// exactly 1; a vector without length (all features equal) has no value with anything. REQUIRES:
// equal lengths.
Values AllPairsCka(const std::vector<at::Tensor>& vectors);

// Smallest number of items that both estimators are defined for.
inline constexpr int64_t kMinGramItems = 4;

}  // namespace eida::analysis
