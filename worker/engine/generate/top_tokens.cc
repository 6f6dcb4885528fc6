#include "worker/engine/generate/top_tokens.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

#include "worker/engine/nn/parallel.h"

namespace eida::engine {
namespace {

constexpr int64_t kBlock = 256;  // tokens whose maximum is looked at first
constexpr float kNever = -std::numeric_limits<float>::infinity();

bool Likelier(const ScoredToken& a, const ScoredToken& b) {
  return a.score != b.score ? a.score > b.score : a.token < b.token;
}

// A block is entered only when it has something larger than the smallest that is held.
std::vector<ScoredToken> TopOfRow(const float* row, int64_t n, size_t wanted) {
  std::vector<ScoredToken> top;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t end = std::min(n, begin + kBlock);
    if (top.size() == wanted) {
      float most = row[begin];
      for (int64_t i = begin; i < end; ++i) most = row[i] > most ? row[i] : most;
      if (most <= top.front().score) continue;
    }
    for (int64_t i = begin; i < end; ++i) {
      if (top.size() == wanted) {
        if (row[i] <= top.front().score) continue;
        std::pop_heap(top.begin(), top.end(), Likelier);
        top.pop_back();
      }
      top.push_back({i, row[i]});
      std::push_heap(top.begin(), top.end(), Likelier);
    }
  }
  std::sort_heap(top.begin(), top.end(), Likelier);
  return top;
}

std::vector<std::vector<ScoredToken>> TopOfRows(const at::Tensor& given,
                                                const std::vector<std::vector<int64_t>>& banned,
                                                int64_t wanted) {
  const at::Tensor logits = given.contiguous();
  const int64_t rows = logits.size(0), n = logits.size(1);
  float* data = logits.data_ptr<float>();
  std::vector<std::vector<ScoredToken>> top(static_cast<size_t>(rows));
  ForRows(rows, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; ++r) {
      for (const int64_t token : banned[r]) data[r * n + token] = kNever;
      top[r] = TopOfRow(data + r * n, n, static_cast<size_t>(wanted));
    }
  });
  return top;
}

// For devices: more than is wanted by as many as may be banned.
std::vector<std::vector<ScoredToken>> TopOnDevice(const at::Tensor& logits,
                                                  const std::vector<std::vector<int64_t>>& banned,
                                                  int64_t wanted) {
  size_t most = 0;
  for (const auto& tokens : banned) most = std::max(most, tokens.size());
  const int64_t k = std::min<int64_t>(logits.size(1), wanted + static_cast<int64_t>(most));
  const auto [on_device, ids] = logits.topk(k, 1);
  const at::Tensor values = on_device.cpu().contiguous(), tokens = ids.cpu().contiguous();
  std::vector<std::vector<ScoredToken>> top(banned.size());
  for (size_t r = 0; r < top.size(); ++r) {
    for (int64_t i = static_cast<int64_t>(r) * k; i < static_cast<int64_t>(r + 1) * k; ++i) {
      const int64_t token = tokens.data_ptr<int64_t>()[i];
      const bool not_now = std::count(banned[r].begin(), banned[r].end(), token) != 0;
      top[r].push_back({token, not_now ? kNever : values.data_ptr<float>()[i]});
    }
    std::sort(top[r].begin(), top[r].end(), Likelier);
    top[r].resize(static_cast<size_t>(wanted));
  }
  return top;
}

}  // namespace

std::vector<std::vector<ScoredToken>> TopTokens(const at::Tensor& logits,
                                                const std::vector<std::vector<int64_t>>& banned,
                                                int64_t wanted) {
  const at::Tensor sums = at::logsumexp(logits, 1).cpu().contiguous();
  if (!at::isfinite(sums).all().item<bool>()) return {};
  const int64_t some = std::min(wanted, logits.size(1));
  auto top = logits.is_cpu() ? TopOfRows(logits, banned, some) : TopOnDevice(logits, banned, some);
  for (size_t r = 0; r < top.size(); ++r) {
    for (ScoredToken& next : top[r]) next.score -= sums.data_ptr<float>()[r];
  }
  return top;
}

}  // namespace eida::engine
