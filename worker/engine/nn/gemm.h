// Products of fp32 matrices on the CPU, straight to the BLAS in libtorch: for matrices so small
// that an operator's way to it costs more than the product.
#pragma once

#include <ATen/core/Tensor.h>

namespace eida::engine::nn {

// Some rows and columns of a tensor that outlives it. One of the two steps is 1.
struct Matrix {
  float* data = nullptr;
  int64_t rows = 0, columns = 0;
  int64_t row_step = 0, column_step = 1;

  Matrix t() const { return {data, columns, rows, column_step, row_step}; }
  Matrix Rows(int64_t first, int64_t n) const {
    return {data + first * row_step, n, columns, row_step, column_step};
  }
};

// Whether it is [rows, columns], contiguous, fp32, on the CPU.
bool IsMatrix(const at::Tensor& x);
// REQUIRES: IsMatrix(x).
Matrix AsMatrix(const at::Tensor& x);

// c = beta c + alpha a b. The same bits as at::addmm_ on such tensors.
void Gemm(float alpha, const Matrix& a, const Matrix& b, float beta, const Matrix& c);
// scale (a b), a tensor made with `options`; the scale stands behind the product.
at::Tensor Times(const Matrix& a, const Matrix& b, const at::TensorOptions& options,
                 double scale = 1);

}  // namespace eida::engine::nn
