// What a model's linear maps see and how a batch's gradient would change them, without a gradient
// of any weight being formed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/rng.h"
#include "worker/engine/adapters/adapter.h"

namespace eida::engine::observe {

// A linear map in one batch: its inputs [n, in] and the gradient of the batch's mean loss by its
// outputs [n, out], fp32. Row k of one belongs to row k of the other.
struct Seen {
  at::Tensor x, dy;
};
using SeenByModule = std::map<std::string, Seen>;

// Calls `visit` for each batch of the items with what the modules saw in it, in eval mode, with
// `over` in place of the base's tensors. `every_token`: an encoder's last layer computes all of
// them, not only those that the loss looks at.
Status EachBatch(const Base& base, const Weights& over, const TrainingData& data,
                 const std::vector<int64_t>& items, int64_t batch_size,
                 const std::vector<SiteShape>& sites,
                 const std::function<void(const Batch&, const SeenByModule&)>& visit,
                 bool every_token = false);

// The gradient of the site's weight, [out, in].
at::Tensor GradientOf(const Seen& seen, const SiteShape& site);
// That gradient times each row of `tokens` [m, in], without forming it: [m, out] (SCIENCE 4.1).
at::Tensor UpdateOf(const Seen& seen, const SiteShape& site, const at::Tensor& tokens);

// How tokens are drawn at an input.
struct Draw {
  int64_t tokens_per_sequence = 2;    // encoders: of each item, without replacement
  double token_probability = 0.0075;  // decoders: of each view of a token while it is generated
  bool every_token = false;           // as EachBatch has it
};
// The rows of `x_rows` inputs of this site that are sampled; a row may come several times. A
// decoder's token is seen once by each later prediction of its batch: its copies are binomial.
std::vector<int64_t> DrawRows(const Draw& draw, const SiteShape& site, const Batch& batch,
                              bool generates, int64_t x_rows, Rng& rng);

// Items of the training data in an order of their own, `skip` first ones left out, at most `count`.
std::vector<int64_t> DrawItems(const TrainingData& data, int64_t skip, int64_t count, Rng rng);

// Samples by input name and by site name.
struct Samples {
  std::map<std::string, at::Tensor> inputs, updates;  // [tokens, in], [tokens, out]
};
// Draws in streams named `stream`/<input>.
Result<Samples> Sample(const Base& base, const Weights& over, const TrainingData& data,
                       const std::vector<int64_t>& items, int64_t batch_size,
                       const std::vector<SiteShape>& sites, const Draw& draw, uint64_t seed,
                       const std::string& stream);

}  // namespace eida::engine::observe
