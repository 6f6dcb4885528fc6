#include "worker/engine/adapters/observe.h"

#include <torch/torch.h>

#include <algorithm>
#include <numeric>

#include "common/catalog/eida_dims.h"

namespace eida::engine::observe {
namespace {

// Keeps a map's input, and adds zeros whose gradient is that of the map's output.
class Watch : public SitePatch {
 public:
  at::Tensor Apply(Context&, const Site&, const at::Tensor& x, at::Tensor y) const override {
    x_ = x.detach();
    zeros_ = at::zeros_like(y.detach()).set_requires_grad(true);
    return y + zeros_;
  }
  Seen Take() const {
    Seen seen;
    if (x_.defined() && zeros_.grad().defined())
      seen = {x_.to(at::kFloat), zeros_.grad().to(at::kFloat)};
    x_ = zeros_ = at::Tensor();
    return seen;
  }

 private:
  mutable at::Tensor x_, zeros_;  // of the pass in progress
};

at::Tensor PartOf(const at::Tensor& dy, const SiteShape& site) {
  return site.whole() ? dy : dy.narrow(1, site.begin, site.out);
}

// Does the site see the sequences that a decoder reads?
bool OnDecoder(const SiteShape& site, const Batch& batch, bool generates) {
  if (!generates) return false;
  if (batch.decoder.items() == 0) return true;
  return site.module.find(".decoder.") != std::string::npos && site.role != "cross_key" &&
         site.role != "cross_value";
}

}  // namespace

Status EachBatch(const Base& base, const Weights& over, const TrainingData& data,
                 const std::vector<int64_t>& items, int64_t batch_size,
                 const std::vector<SiteShape>& sites,
                 const std::function<void(const Batch&, const SeenByModule&)>& visit,
                 bool every_token) {
  const at::AutoGradMode with_grad(true);  // whatever the caller does
  SitePatches patches;
  std::map<std::string, std::shared_ptr<const Watch>> watches;
  for (const SiteShape& site : sites) {
    if (watches.count(site.module) != 0) continue;
    const auto watch = std::make_shared<const Watch>();
    watches[site.module] = watch;
    patches[site.module].push_back(watch);
  }
  Weights fixed;
  for (const auto& [name, tensor] : over) fixed[name] = tensor.detach();
  for (size_t at = 0; at < items.size(); at += static_cast<size_t>(batch_size)) {
    const size_t end = std::min(items.size(), at + static_cast<size_t>(batch_size));
    const Batch batch = MakeBatch(
        data.train,
        {items.begin() + static_cast<int64_t>(at), items.begin() + static_cast<int64_t>(end)},
        base.device);
    Context context(data.compute);
    context.SetFrozen(&base.weights, &base.casts);
    context.SetPatches(&patches);
    if (every_token) context.ComputeEveryToken();
    const Losses losses = LossesOf(data.model, {&fixed, &base.weights}, batch, context, 0);
    (losses.sum.sum() / losses.count.sum().clamp_min(1)).backward();
    SeenByModule seen;
    for (const auto& [module, watch] : watches) {
      seen[module] = watch->Take();
      if (!seen[module].x.defined())
        return ConfigError("no gradient reaches " + module + "; leave it out of targets");
    }
    const at::NoGradGuard no_grad;
    visit(batch, seen);
  }
  return OkStatus();
}

at::Tensor GradientOf(const Seen& seen, const SiteShape& site) {
  return PartOf(seen.dy, site).t().matmul(seen.x);
}

at::Tensor UpdateOf(const Seen& seen, const SiteShape& site, const at::Tensor& tokens) {
  return tokens.matmul(seen.x.t()).matmul(PartOf(seen.dy, site));
}

std::vector<int64_t> DrawRows(const Draw& draw, const SiteShape& site, const Batch& batch,
                              bool generates, int64_t x_rows, Rng& rng) {
  std::vector<int64_t> rows;
  if (!OnDecoder(site, batch, generates)) {
    if (x_rows != batch.tokens()) {  // only each item's first token gets here
      rows.resize(static_cast<size_t>(x_rows));
      std::iota(rows.begin(), rows.end(), 0);
      return rows;
    }
    for (int64_t i = 0; i < batch.items(); ++i) {
      std::vector<int64_t> own(static_cast<size_t>(batch.starts[i + 1] - batch.starts[i]));
      std::iota(own.begin(), own.end(), batch.starts[i]);
      const size_t take = std::min(own.size(), static_cast<size_t>(draw.tokens_per_sequence));
      for (size_t k = 0; k < take; ++k) std::swap(own[k], own[k + rng.Below(own.size() - k)]);
      rows.insert(rows.end(), own.begin(), own.begin() + static_cast<int64_t>(take));
    }
    return rows;
  }
  const Sequences& read = batch.decoder.items() > 0 ? batch.decoder : batch;
  // views[p]: how many predictions of the batch, each a pass of its own, have seen position p.
  std::vector<int64_t> views(static_cast<size_t>(read.longest) + 1, 0);
  const at::Tensor predicted =
      read.positions.index_select(0, batch.targets.rows).to(at::kCPU).contiguous();
  for (int64_t t = 0; t < predicted.numel(); ++t)
    views[static_cast<size_t>(predicted.data_ptr<int64_t>()[t])] = 1;
  for (size_t p = views.size() - 1; p > 0; --p) views[p - 1] += views[p];
  for (int64_t i = 0; i < read.items(); ++i) {
    for (int64_t row = read.starts[i]; row < read.starts[i + 1]; ++row) {
      for (int64_t v = views[static_cast<size_t>(row - read.starts[i])]; v > 0; --v) {
        if (rng.Unit() < draw.token_probability) rows.push_back(row);
      }
    }
  }
  return rows;
}

std::vector<int64_t> DrawItems(const TrainingData& data, int64_t skip, int64_t count, Rng rng) {
  std::vector<int64_t> items(static_cast<size_t>(data.train.size()));
  std::iota(items.begin(), items.end(), 0);
  rng.Shuffle(items);
  const auto n = static_cast<int64_t>(items.size());
  const int64_t begin = std::min(skip, n), end = std::min(n, begin + count);
  return {items.begin() + begin, items.begin() + end};
}

Result<Samples> Sample(const Base& base, const Weights& over, const TrainingData& data,
                       const std::vector<int64_t>& items, int64_t batch_size,
                       const std::vector<SiteShape>& sites, const Draw& draw, uint64_t seed,
                       const std::string& stream) {
  std::map<std::string, Rng> streams;
  for (const SiteShape& site : sites) {
    const std::string input = catalog::InputOf(site);
    streams.emplace(input, Rng(seed, stream + "/" + input));
  }
  std::map<std::string, std::vector<at::Tensor>> inputs, updates;
  const bool generates = data.model.generates();
  const auto visit = [&](const Batch& batch, const SeenByModule& seen) {
    // Of the maps that share an input, the one that sees most of it: a last query sees less.
    std::map<std::string, const SiteShape*> widest;
    for (const SiteShape& site : sites) {
      const SiteShape*& best = widest[catalog::InputOf(site)];
      if (best == nullptr || seen.at(site.module).x.size(0) > seen.at(best->module).x.size(0))
        best = &site;
    }
    std::map<std::string, at::Tensor> drawn;
    for (const auto& [input, site] : widest) {
      const at::Tensor& x = seen.at(site->module).x;
      const std::vector<int64_t> rows =
          DrawRows(draw, *site, batch, generates, x.size(0), streams.at(input));
      drawn[input] = x.index_select(0, torch::tensor(rows, at::kLong).to(x.device()));
      inputs[input].push_back(drawn[input]);
    }
    for (const SiteShape& site : sites)
      updates[site.name].push_back(
          UpdateOf(seen.at(site.module), site, drawn.at(catalog::InputOf(site))));
  };
  EIDA_RETURN_IF_ERROR(
      EachBatch(base, over, data, items, batch_size, sites, visit, draw.every_token));
  Samples samples;
  for (const auto& [name, parts] : inputs) samples.inputs[name] = at::cat(parts);
  for (const auto& [name, parts] : updates) samples.updates[name] = at::cat(parts);
  return samples;
}

}  // namespace eida::engine::observe
