#include "worker/engine/models/decode.h"

#include <torch/torch.h>

#include <algorithm>

namespace eida::engine {
namespace {

CachedRows PromptRows(const std::vector<int32_t>& starts) {
  CachedRows out;
  out.first.assign(starts.begin(), starts.end() - 1);
  out.last.assign(starts.begin() + 1, starts.end());
  return out;
}

at::Tensor IndexOf(const std::vector<int64_t>& rows, at::Device device) {
  return torch::tensor(rows, at::kLong).to(device);
}

// Numbers the rows that `used` marks: new number by old one, and the old ones in order.
std::vector<int32_t> Numbered(const std::vector<char>& used, std::vector<int64_t>& kept) {
  std::vector<int32_t> number(used.size(), -1);
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i] == 0) continue;
    number[i] = static_cast<int32_t>(kept.size());
    kept.push_back(static_cast<int64_t>(i));
  }
  return number;
}

// Half a slab or more is worth a copy: every row is then copied about once in all.
bool WorthDropping(const std::vector<int64_t>& kept, size_t before) {
  return 2 * kept.size() <= before;
}

}  // namespace

void DecodeState::Part::Take(const std::vector<int64_t>& from) {
  CachedRows taken;
  taken.steps = rows.steps;
  for (const int64_t r : from) {
    taken.first.push_back(rows.first.at(r));
    taken.last.push_back(rows.last.at(r));
    taken.path.insert(taken.path.end(), rows.path.begin() + r * rows.steps,
                      rows.path.begin() + (r + 1) * rows.steps);
  }
  rows = std::move(taken);
  DropPrompts();
  DropSteps();
}

void DecodeState::Part::DropPrompts() {
  if (layers.empty()) return;
  std::vector<char> used(static_cast<size_t>(layers[0].prompt_keys.size(0)), 0);
  for (int64_t r = 0; r < rows.rows(); ++r)
    std::fill(used.begin() + rows.first[r], used.begin() + rows.last[r], 1);
  std::vector<int64_t> kept;
  const std::vector<int32_t> number = Numbered(used, kept);
  if (!WorthDropping(kept, used.size())) return;
  const at::Tensor at = IndexOf(kept, layers[0].prompt_keys.device());
  for (KeyValues& layer : layers) {
    layer.prompt_keys = layer.prompt_keys.index_select(0, at);
    layer.prompt_values = layer.prompt_values.index_select(0, at);
  }
  for (int64_t r = 0; r < rows.rows(); ++r) {
    const int32_t length = rows.last[r] - rows.first[r];
    rows.first[r] = length == 0 ? 0 : number[rows.first[r]];
    rows.last[r] = rows.first[r] + length;
  }
}

void DecodeState::Part::DropSteps() {
  for (int64_t t = 0; t < rows.steps; ++t) {
    std::vector<char> used(static_cast<size_t>(layers[0].keys[t].size(0)), 0);
    for (int64_t r = 0; r < rows.rows(); ++r) used[rows.path[r * rows.steps + t]] = 1;
    std::vector<int64_t> kept;
    const std::vector<int32_t> number = Numbered(used, kept);
    if (!WorthDropping(kept, used.size())) continue;
    const at::Tensor at = IndexOf(kept, layers[0].keys[t].device());
    for (KeyValues& layer : layers) {
      layer.keys[t] = layer.keys[t].index_select(0, at);
      layer.values[t] = layer.values[t].index_select(0, at);
    }
    for (int64_t r = 0; r < rows.rows(); ++r) {
      int32_t& row = rows.path[r * rows.steps + t];
      row = number[row];
    }
  }
}

void DecodeState::Reorder(const std::vector<int64_t>& from) {
  self_.Take(from);
  if (!cross_.layers.empty()) cross_.Take(from);
  std::vector<int64_t> lengths;
  for (const int64_t r : from) lengths.push_back(lengths_.at(r));
  lengths_ = std::move(lengths);
}

at::Tensor DecodeState::Positions(at::Device device) const { return IndexOf(lengths_, device); }

int64_t DecodeState::kept() const {
  int64_t total = 0;
  for (const Part* part : {&self_, &cross_}) {
    for (const KeyValues& layer : part->layers) {
      total += layer.prompt_keys.numel() + layer.prompt_values.numel();
      for (const auto* slabs : {&layer.keys, &layer.values}) {
        for (const at::Tensor& slab : *slabs) total += slab.numel();
      }
    }
  }
  return total;
}

Attending Attending::Keeping(const Sequences& own, AttentionRows cross, DecodeState& keep) {
  keep = {};
  keep.self_.rows = PromptRows(own.starts);
  if (!cross.k.empty()) keep.cross_.rows = PromptRows(cross.k);
  for (int64_t i = 0; i < own.items(); ++i)
    keep.lengths_.push_back(own.starts[i + 1] - own.starts[i]);
  Attending attending(AttentionRows::Causal(own), std::move(cross));
  attending.state_ = &keep;
  return attending;
}

Attending Attending::Continuing(DecodeState& state) {
  // Every row sees its own new token too.
  CachedRows& rows = state.self_.rows;
  std::vector<int32_t> path;
  path.reserve(rows.path.size() + rows.first.size());
  for (int64_t r = 0; r < rows.rows(); ++r) {
    path.insert(path.end(), rows.path.begin() + r * rows.steps,
                rows.path.begin() + (r + 1) * rows.steps);
    path.push_back(static_cast<int32_t>(r));
  }
  rows.path = std::move(path);
  ++rows.steps;
  for (int64_t& length : state.lengths_) ++length;
  Attending attending{AttentionRows{}};
  attending.state_ = &state;
  attending.continues_ = true;
  return attending;
}

at::Tensor Attending::Self(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                           size_t layer, int64_t heads, double p, Context& context) const {
  if (!continues_) {
    if (state_ != nullptr) Keep(state_->self_, k, v);
    return nn::Attention(q, k, v, self_, heads, context.NextDropout(p));
  }
  KeyValues& kept = state_->self_.layers.at(layer);
  kept.keys.push_back(k.contiguous());
  kept.values.push_back(v.contiguous());
  return nn::CachedAttention(q, kept, state_->self_.rows, heads);
}

at::Tensor LastRows(const Sequences& sequences, at::Device device) {
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < sequences.items(); ++i) rows.push_back(sequences.starts[i + 1] - 1);
  return IndexOf(rows, device);
}

}  // namespace eida::engine
