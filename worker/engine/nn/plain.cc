#include "worker/engine/nn/plain.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <utility>

namespace eida::engine::nn::plain {
namespace {

constexpr int64_t kWord = 0xffffffffLL;

at::Tensor Word(const at::Tensor& x) { return at::bitwise_and(x, kWord); }
at::Tensor Xor(const at::Tensor& x, const at::Tensor& y) { return at::bitwise_xor(x, y); }
at::Tensor Shift(const at::Tensor& x, int64_t by) { return at::bitwise_right_shift(x, by); }

// The kernels' hash on 64-bit words that hold 32 bits. The products are cut in two, so that none
// exceeds 63 bits.
at::Tensor Times(const at::Tensor& x, int64_t factor) {
  const at::Tensor low = at::bitwise_and(x, 0xffff) * factor;
  const at::Tensor high = Word(Shift(x, 16) * factor);
  return Word(low + at::bitwise_left_shift(at::bitwise_and(high, 0xffff), 16));
}

at::Tensor Hash(at::Tensor x, const at::Tensor& a, const at::Tensor& b) {
  x = Xor(x, a);
  x = Xor(x, Shift(x, 16));
  x = Times(x, 0x85ebca6b);
  x = Word(x + b);
  x = Xor(x, Shift(x, 13));
  x = Times(x, 0xc2b2ae35);
  return Xor(x, Shift(x, 16));
}

at::Tensor Scalar(int64_t value) { return at::scalar_tensor(value, at::kLong); }

// Masks of rows with keys of their own: a [rows, 1] (or a scalar), row numbers `row` [rows, 1].
at::Tensor MaskOf(const DropoutKey& key, const at::Tensor& a, const at::Tensor& row, int64_t n) {
  const int64_t blocks = (n + 31) / 32;
  const at::Tensor column = at::arange(n, at::kLong).to(row.device()).unsqueeze(0);
  const at::Tensor block = row * blocks + at::floor_divide(column, 32);
  const at::Tensor lane = at::remainder(column, 16);
  const at::Tensor word = Hash(Word(block * 16 + lane), a, Scalar(key.b).to(row.device()));
  const at::Tensor upper = at::remainder(column, 32).ge(16);
  const at::Tensor bits = at::where(upper, Shift(word, 16), at::bitwise_and(word, 0xffff));
  return bits.ge(static_cast<int64_t>(key.threshold)).to(at::kFloat) * key.scale;
}

// [begin, end) as a column.
at::Tensor RowNumbers(int64_t begin, int64_t end, at::Device device) {
  return at::arange(begin, end, at::kLong).to(device).unsqueeze(1);
}

at::Tensor MaskOn(const DropoutKeys& keys, int64_t rows, int64_t n, at::Device device) {
  std::vector<at::Tensor> lanes;
  keys.ForLanes(rows, 0, rows, [&](const DropoutKey& key, int64_t first, int64_t from, int64_t to) {
    lanes.push_back(
        MaskOf(key, Scalar(key.a).to(device), RowNumbers(from - first, to - first, device), n));
  });
  return lanes.size() == 1 ? lanes.front() : at::cat(lanes);
}

// Packed rows -> [items, longest] row numbers (0 where there is none) and which of them exist.
std::pair<at::Tensor, at::Tensor> Padding(const std::vector<int32_t>& starts, at::Device device) {
  const int64_t items = static_cast<int64_t>(starts.size()) - 1;
  int64_t longest = 0;
  for (int64_t i = 0; i < items; ++i)
    longest = std::max<int64_t>(longest, starts[i + 1] - starts[i]);
  at::Tensor rows = at::zeros({items, longest}, at::kLong);
  at::Tensor real = at::zeros({items, longest}, at::kBool);
  for (int64_t i = 0; i < items; ++i) {
    const int64_t begin = starts[i], n = starts[i + 1] - begin;
    rows[i].slice(0, 0, n).copy_(at::arange(begin, begin + n, at::kLong));
    real[i].slice(0, 0, n).fill_(true);
  }
  return {rows.to(device), real.to(device)};
}

// [items, 1, queries, keys]: which key each query sees.
at::Tensor Visible(const AttentionRows& rows, const at::Tensor& q_real, const at::Tensor& k_real) {
  const at::Tensor keys = k_real.unsqueeze(1).unsqueeze(1);
  if (!rows.causal) return keys.expand({-1, 1, q_real.size(1), -1});
  const at::Tensor behind = k_real.sum(1) - q_real.sum(1);  // keys before the first query
  const auto order = [&](int64_t n) { return at::arange(n, at::kLong).to(q_real.device()); };
  const at::Tensor last = behind.view({-1, 1, 1}) + order(q_real.size(1)).view({1, -1, 1});
  return at::logical_and(keys, order(k_real.size(1)).view({1, 1, -1}).le(last).unsqueeze(1));
}

// With one key for all rows; `before` of them stand before those of q.
at::Tensor OneLane(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                   const AttentionRows& rows, int64_t heads, const DropoutKey& dropout,
                   int64_t before) {
  const int64_t width = q.size(1), dim = width / heads, items = rows.items();
  const auto [q_rows, q_real] = Padding(rows.q, q.device());
  const auto [k_rows, k_real] = Padding(rows.k, q.device());
  const auto padded = [&](const at::Tensor& x, const at::Tensor& at) {
    return x.index_select(0, at.flatten()).reshape({items, at.size(1), heads, dim}).transpose(1, 2);
  };
  const int64_t queries = q_rows.size(1), longest = k_rows.size(1);
  const at::Tensor ours = padded(q, q_rows), keys = padded(k, k_rows), values = padded(v, k_rows);
  const at::Tensor visible = Visible(rows, q_real, k_real);
  at::Tensor out;
  if (dropout.threshold == 0) {
    out = at::scaled_dot_product_attention(ours, keys, values, visible);
  } else {
    at::Tensor scores =
        at::matmul(ours.to(at::kFloat), keys.to(at::kFloat).transpose(2, 3)) / std::sqrt(dim);
    scores = scores.masked_fill(visible.logical_not(), -std::numeric_limits<float>::infinity());
    const at::Tensor head = at::arange(heads, at::kLong).to(q.device()).view({1, heads, 1});
    const at::Tensor number = ((q_rows.unsqueeze(1) + before) * heads + head).reshape({-1, 1});
    const at::Tensor own =
        Xor(Scalar(dropout.a).to(q.device()),
            Hash(Word(number), Scalar(dropout.b).to(q.device()), Scalar(dropout.a).to(q.device())));
    const at::Tensor mask = MaskOf(dropout, own, at::zeros_like(number), longest)
                                .view({items, heads, queries, longest});
    out = at::matmul(at::softmax(scores, -1) * mask, values.to(at::kFloat)).to(q.scalar_type());
  }
  out = out.transpose(1, 2).reshape({items * queries, width});
  return out.index_select(0, at::nonzero(q_real.flatten()).squeeze(1));
}

// Items [begin, end) of `starts`, numbered from the first.
std::vector<int32_t> Cut(const std::vector<int32_t>& starts, int64_t begin, int64_t end) {
  std::vector<int32_t> cut(starts.begin() + begin, starts.begin() + end + 1);
  const int32_t first = cut.front();
  for (int32_t& start : cut) start -= first;
  return cut;
}

}  // namespace

at::Tensor Mask(const DropoutKeys& dropout, int64_t rows, int64_t n) {
  return MaskOn(dropout, rows, n, at::kCPU);
}

Hidden AddNorm(const at::Tensor& x, const at::Tensor& residual, const NormWeights& weights,
               const DropoutKeys& dropout, at::ScalarType compute) {
  at::Tensor h = x.to(at::kFloat);
  if (!dropout.none()) h = h * MaskOn(dropout, x.size(0), x.size(1), x.device());
  if (residual.defined()) h = h + residual;
  const at::Tensor y = at::layer_norm(h, {h.size(-1)}, weights.gamma, weights.beta, weights.eps);
  return {y, y.to(compute)};
}

Hidden Dropout(const at::Tensor& x, const DropoutKeys& dropout, at::ScalarType compute) {
  const at::Tensor y = x * MaskOn(dropout, x.size(0), x.size(1), x.device());
  return {y, y.to(compute)};
}

at::Tensor DropoutSame(const at::Tensor& x, const DropoutKeys& dropout) {
  return (x.to(at::kFloat) * MaskOn(dropout, x.size(0), x.size(1), x.device())).to(x.scalar_type());
}

at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionRows& rows, int64_t heads, const DropoutKeys& dropout) {
  std::vector<at::Tensor> lanes;
  dropout.ForLanes(
      rows.items(), 0, rows.items(),
      [&](const DropoutKey& key, int64_t first, int64_t from, int64_t to) {
        const auto part = [&](const at::Tensor& x, const std::vector<int32_t>& starts) {
          return x.narrow(0, starts[from], starts[to] - starts[from]);
        };
        lanes.push_back(OneLane(part(q, rows.q), part(k, rows.k), part(v, rows.k),
                                {Cut(rows.q, from, to), Cut(rows.k, from, to), rows.causal}, heads,
                                key, rows.q[from] - dropout.FirstRow(rows.q, first)));
      });
  return lanes.size() == 1 ? lanes.front() : at::cat(lanes);
}

}  // namespace eida::engine::nn::plain
