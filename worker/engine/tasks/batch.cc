// Items of a split as the tensors that a model is called with.
#include <torch/torch.h>

#include <algorithm>

#include "worker/engine/tasks/task.h"

namespace eida::engine {

int64_t Examples::label_count(int64_t i) const {
  if (targets.empty()) return 1;
  const TokenSpans& rows = predicted();
  return std::count_if(targets.begin() + rows.starts[i], targets.begin() + rows.starts[i + 1],
                       [](int32_t label) { return label != kNoLabel; });
}

namespace {

at::Tensor OnDevice(const std::vector<int64_t>& values, at::Device device) {
  return torch::tensor(values, at::kLong).to(device);
}

void Gather(const TokenSpans& tokens, const std::vector<int64_t>& which, at::Device device,
            Sequences& out) {
  std::vector<int64_t> ids, types, positions, first;
  for (const int64_t i : which) {
    const int64_t begin = tokens.starts[i], n = tokens.starts[i + 1] - begin;
    first.push_back(out.starts.back());
    ids.insert(ids.end(), tokens.ids.begin() + begin, tokens.ids.begin() + begin + n);
    types.insert(types.end(), tokens.types.begin() + begin, tokens.types.begin() + begin + n);
    for (int64_t p = 0; p < n; ++p) positions.push_back(p);
    out.starts.push_back(out.starts.back() + static_cast<int32_t>(n));
    out.longest = std::max(out.longest, n);
  }
  out.ids = OnDevice(ids, device);
  out.types = OnDevice(types, device);
  out.positions = OnDevice(positions, device);
  out.first = OnDevice(first, device);
}

Targets TargetsOf(const Examples& examples, const std::vector<int64_t>& which, at::Device device) {
  const TokenSpans& tokens = examples.predicted();
  std::vector<int64_t> rows, labels, item;
  int64_t row = 0;
  for (size_t k = 0; k < which.size(); ++k) {
    for (int64_t t = tokens.starts[which[k]]; t < tokens.starts[which[k] + 1]; ++t, ++row) {
      if (examples.targets[t] == kNoLabel) continue;
      rows.push_back(row);
      labels.push_back(examples.targets[t]);
      item.push_back(static_cast<int64_t>(k));
    }
  }
  return {OnDevice(rows, device), OnDevice(labels, device), OnDevice(item, device)};
}

}  // namespace

Batch MakeBatch(const Examples& examples, const std::vector<int64_t>& which, at::Device device) {
  Batch batch;
  Gather(examples.tokens, which, device, batch);
  if (examples.decoder.size() > 0) Gather(examples.decoder, which, device, batch.decoder);
  if (!examples.targets.empty()) {
    batch.targets = TargetsOf(examples, which, device);
    return batch;
  }
  if (examples.labels.empty()) return batch;
  std::vector<int64_t> labels;
  for (const int64_t i : which) labels.push_back(examples.labels[i]);
  batch.labels = OnDevice(labels, device);
  return batch;
}

}  // namespace eida::engine
