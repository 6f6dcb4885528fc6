// A language model a token at a time: what it keeps between the tokens, and how a pass attends.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "worker/engine/nn/cached.h"
#include "worker/engine/nn/context.h"
#include "worker/engine/nn/functional.h"

namespace eida::engine {

// Rows are hypotheses: Model::Begin makes one of each item, Reorder gives an item more or fewer. A
// row knows which rows of each earlier step it descends from, so keys are never copied between
// hypotheses; what no row descends from any more is dropped now and then.
class DecodeState {
 public:
  int64_t rows() const { return static_cast<int64_t>(lengths_.size()); }
  // Row r becomes what row from[r] was.
  void Reorder(const std::vector<int64_t>& from);
  // i64 [rows]: the position of the token that comes next.
  at::Tensor Positions(at::Device device) const;
  // Numbers that are kept, of all layers.
  int64_t kept() const;

 private:
  friend class Attending;
  struct Part {
    std::vector<KeyValues> layers;
    CachedRows rows;
    void Take(const std::vector<int64_t>& from);
    void DropPrompts();
    void DropSteps();
  };
  Part self_, cross_;
  std::vector<int64_t> lengths_;  // tokens that each row has seen
};

// How the attention of one pass finds its keys and values: in the pass, or in a state.
class Attending {
 public:
  // A pass over whole sequences.
  explicit Attending(AttentionRows self, AttentionRows cross = {})
      : self_(std::move(self)), cross_(std::move(cross)) {}
  // A causal pass over `own` whose keys and values `keep` has afterwards.
  static Attending Keeping(const Sequences& own, AttentionRows cross, DecodeState& keep);
  // A pass over one more token of each row of `state`.
  static Attending Continuing(DecodeState& state);

  // One layer's attention, layers in order, each once. Over what its maps made of the pass's
  // tokens, and with a dropout of p of the probabilities:
  at::Tensor Self(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, size_t layer,
                  int64_t heads, double p, Context& context) const;
  // Over another sequence. `make` gives its {keys, values}; it is called when no state has them.
  template <class Make>
  at::Tensor Cross(const at::Tensor& q, Make&& make, size_t layer, int64_t heads, double p,
                   Context& context) const {
    if (continues_)
      return nn::CachedAttention(q, state_->cross_.layers.at(layer), state_->cross_.rows, heads);
    const auto [k, v] = make();
    if (state_ != nullptr) Keep(state_->cross_, k, v);
    return nn::Attention(q, k, v, cross_, heads, context.NextDropout(p));
  }

 private:
  static void Keep(DecodeState::Part& part, const at::Tensor& k, const at::Tensor& v) {
    part.layers.push_back({k.contiguous(), v.contiguous(), {}, {}});
  }

  AttentionRows self_, cross_;
  DecodeState* state_ = nullptr;
  bool continues_ = false;
};

// The row of each item's last token, i64 [items].
at::Tensor LastRows(const Sequences& sequences, at::Device device);

}  // namespace eida::engine
