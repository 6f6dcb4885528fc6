// What a run does with the other ranks of its gang.
#include <torch/torch.h>

#include "worker/engine/train/run.h"

namespace eida::engine {
namespace {

struct RowCounts {
  int64_t items = 0, tokens = 0, decoded = 0;
};

RowCounts CountsOf(const Examples& examples, const std::vector<int64_t>& items) {
  RowCounts rows;
  rows.items = static_cast<int64_t>(items.size());
  for (const int64_t item : items) {
    rows.tokens += examples.length(item);
    if (examples.decoder.size() > 0)
      rows.decoded += examples.decoder.starts[item + 1] - examples.decoder.starts[item];
  }
  return rows;
}

}  // namespace

std::shared_ptr<const PartRows> Run::PartOf(int64_t i) const {
  if (gang_.size() == 1) return nullptr;
  std::vector<int64_t> before;
  for (const int64_t item : batches_[i]) {
    if (parts_[i].empty() || item == parts_[i].front()) break;
    before.push_back(item);
  }
  const RowCounts here = CountsOf(*train_, parts_[i]), first = CountsOf(*train_, before);
  std::vector<PartRows::Kind> kinds = {{here.tokens, first.tokens}, {here.items, first.items}};
  if (here.decoded > 0) kinds.push_back({here.decoded, first.decoded});
  return std::make_shared<PartRows>(std::move(kinds));
}

// One sum of one buffer: the gradients, which of them there are, and what the update counts.
Status Run::Reduce() {
  if (gang_.size() == 1) return OkStatus();
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> parts;
  std::vector<float> words;
  for (const auto& [name, tensor] : state_.trainable) {
    const at::Tensor& grad = tensor.grad();
    words.push_back(grad.defined() ? 1 : 0);
    parts.push_back(!grad.defined()    ? at::zeros({tensor.numel()}, tensor.options())
                    : grad.is_sparse() ? grad.to_dense().flatten()
                                       : grad.flatten());
  }
  words.push_back(static_cast<float>(loss_sum_));
  words.push_back(static_cast<float>(objective_));
  words.push_back(static_cast<float>(tokens_));
  words.push_back(events_.StopRequested() ? 1 : 0);
  parts.push_back(torch::tensor(words).to(base_->device));
  const at::Tensor all = at::cat(parts);
  EIDA_RETURN_IF_ERROR(gang_.Sum(all));
  const auto n = static_cast<int64_t>(words.size());
  const at::Tensor summed = all.narrow(0, all.numel() - n, n).cpu();
  const float* word = summed.data_ptr<float>();
  int64_t at = 0;
  for (auto& [name, tensor] : state_.trainable) {
    const int64_t size = tensor.numel();
    // What no rank has a gradient of stays without one.
    if (*word++ > 0) tensor.mutable_grad() = all.narrow(0, at, size).view(tensor.sizes());
    at += size;
  }
  loss_sum_ = *word++;
  objective_ = *word++;
  tokens_ = static_cast<int64_t>(*word++);
  stop_agreed_ = *word > 0;
  return OkStatus();
}

}  // namespace eida::engine
