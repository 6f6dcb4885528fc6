#include "worker/engine/nn/gemm.h"

#include <torch/torch.h>

#include <algorithm>

// Fortran's, as MKL defines it in libtorch_cpu.
extern "C" void sgemm_(const char* trans_a, const char* trans_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda,
                       const float* b, const int* ldb, const float* beta, float* c, const int* ldc);

namespace eida::engine::nn {
namespace {

// An operand as BLAS takes it: by columns, or transposed.
struct Operand {
  const float* data;
  char trans;
  int lead;
};

// BLAS wants a lead of at least the number of rows, also where there is but one column.
Operand AsOperand(const Matrix& x) {
  if (x.row_step == 1 && x.column_step >= std::max<int64_t>(1, x.rows)) {
    const int64_t lead = x.columns == 1 ? x.rows : x.column_step;
    return {x.data, 'n', static_cast<int>(lead)};
  }
  const int64_t lead = x.rows == 1 ? x.columns : x.row_step;
  return {x.data, 't', static_cast<int>(lead)};
}

}  // namespace

bool IsMatrix(const at::Tensor& x) {
  return x.dim() == 2 && x.is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous();
}

Matrix AsMatrix(const at::Tensor& x) {
  return {x.data_ptr<float>(), x.size(0), x.size(1), x.size(1), 1};
}

void Gemm(float alpha, const Matrix& a, const Matrix& b, float beta, const Matrix& c) {
  if (c.rows == 0 || c.columns == 0) return;
  const bool by_columns = c.row_step == 1 && (c.columns == 1 || c.column_step >= c.rows);
  if (!by_columns) return Gemm(alpha, b.t(), a.t(), beta, c.t());
  const Operand left = AsOperand(a), right = AsOperand(b);
  const int m = static_cast<int>(c.rows), n = static_cast<int>(c.columns),
            k = static_cast<int>(a.columns),
            ldc = static_cast<int>(c.columns == 1 ? c.rows : c.column_step);
  sgemm_(&left.trans, &right.trans, &m, &n, &k, &alpha, left.data, &left.lead, right.data,
         &right.lead, &beta, c.data, &ldc);
}

at::Tensor Times(const Matrix& a, const Matrix& b, const at::TensorOptions& options, double scale) {
  at::Tensor product = at::empty({a.rows, b.columns}, options);
  Gemm(1, a, b, 0, AsMatrix(product));
  if (scale == 1) return product;
  float* const data = product.data_ptr<float>();
  const auto by = static_cast<float>(scale);
  for (int64_t i = 0; i < product.numel(); ++i) data[i] *= by;
  return product;
}

}  // namespace eida::engine::nn
