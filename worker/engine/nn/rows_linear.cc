#include "worker/engine/nn/rows_linear.h"

#include <torch/torch.h>

#include <algorithm>

#include "worker/engine/nn/gemm.h"
#include "worker/engine/nn/product.h"

namespace eida::engine::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

struct RowsLinearFunction : Function<RowsLinearFunction> {
  // `tensors`: weight and bias of each map.
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, at::TensorList tensors,
                            const std::vector<int64_t>& ends) {
    const at::Tensor y = at::empty({x.size(0), tensors[0].size(0)}, x.options());
    int64_t first = 0;
    for (size_t i = 0; i < ends.size(); ++i) {
      const Matrix out = AsMatrix(y).Rows(first, ends[i] - first);
      const float* const bias = tensors[2 * i + 1].data_ptr<float>();
      for (int64_t row = 0; row < out.rows; ++row)
        std::copy_n(bias, out.columns, out.data + row * out.row_step);
      Gemm(1, AsMatrix(x).Rows(first, out.rows), AsMatrix(tensors[2 * i]).t(), 1, out);
      first = ends[i];
    }
    variable_list saved = {x};
    for (size_t i = 0; i < ends.size(); ++i) saved.push_back(tensors[2 * i]);
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["ends"] = ends;
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], dy = grads[0].contiguous();
    const std::vector<int64_t> ends = ctx->saved_data["ends"].toIntVector();
    const at::Tensor dx = ctx->needs_input_grad(0) ? at::empty_like(x) : at::Tensor();
    variable_list result(2 + 2 * ends.size());
    result[0] = dx;
    int64_t first = 0;
    for (size_t i = 0; i < ends.size(); ++i) {
      const int64_t rows = ends[i] - first;
      const Matrix up = AsMatrix(dy).Rows(first, rows);
      if (dx.defined()) Gemm(1, up, AsMatrix(saved[1 + i]), 0, AsMatrix(dx).Rows(first, rows));
      if (ctx->needs_input_grad(1 + 2 * i))
        result[1 + 2 * i] = Times(up.t(), AsMatrix(x).Rows(first, rows), dy.options());
      if (ctx->needs_input_grad(2 + 2 * i)) result[2 + 2 * i] = dy.narrow(0, first, rows).sum(0);
      first = ends[i];
    }
    return result;
  }
};

}  // namespace

at::Tensor LinearByRows(const at::Tensor& x, const std::vector<RowsMap>& maps) {
  const bool direct = IsMatrix(x) && std::all_of(maps.begin(), maps.end(), [](const RowsMap& map) {
                        return IsMatrix(map.weight) && map.bias.defined();
                      });
  if (direct) {
    variable_list tensors;
    std::vector<int64_t> ends;
    for (const RowsMap& map : maps) {
      tensors.insert(tensors.end(), {map.weight, map.bias});
      ends.push_back(map.end);
    }
    return RowsLinearFunction::apply(x, at::TensorList(tensors), ends);
  }
  std::vector<at::Tensor> parts;
  int64_t first = 0;
  for (const RowsMap& map : maps) {
    parts.push_back(Linear(x.narrow(0, first, map.end - first), map.weight, map.bias));
    first = map.end;
  }
  return at::cat(parts);
}

}  // namespace eida::engine::nn
