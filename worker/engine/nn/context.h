// One forward pass: compute type, dropout, and the hook at which everything attaches to a model's
// linear maps.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "worker/engine/nn/dropout.h"
#include "worker/engine/nn/site.h"

namespace eida::engine {

class Context;
class LowRankPatch;

// What an adapter adds at a site.
class SitePatch {
 public:
  virtual ~SitePatch() = default;
  // The site's output: `y` is what it was before this patch, x W^T + b at first, and may be
  // changed in place.
  virtual at::Tensor Apply(Context& context, const Site& site, const at::Tensor& x,
                           at::Tensor y) const = 0;
  // Itself, when it is of the kind that lanes can have.
  virtual const LowRankPatch* low_rank() const { return nullptr; }
};
// By module path; a fused map may have one patch for each of its parts.
using SitePatches = std::map<std::string, std::vector<std::shared_ptr<const SitePatch>>>;

// Copies of weights in the compute type, made on first use and kept: for weights that never change.
class CastCache {
 public:
  at::Tensor Get(const at::Tensor& weight, at::ScalarType type);

 private:
  struct Entry {
    at::Tensor weight, cast;  // the weight is held, so that its address stays its own
  };
  std::unordered_map<const void*, Entry> entries_;
};

// One of several runs that share a pass over a frozen base: its rows are its own, with all that is
// done to them.
struct Lane {
  Context* context = nullptr;  // the run's: compute type, patches (low-rank ones), dropout stream
  const std::map<std::string, at::Tensor>* over = nullptr;  // its tensors of linear maps, by name
  std::optional<double> dropout;                            // in place of the model's
};

// Not thread-safe; one pass at a time. The caches and patches outlive it.
class Context {
 public:
  using Observer = std::function<void(const Site&, const at::Tensor& x, const at::Tensor& y)>;
  using LayerProbe =
      std::function<void(const std::string& layer, const at::Tensor& output)>;  // fp32 [T, hidden]

  explicit Context(at::ScalarType compute) : compute_(compute) {}

  // x W^T + b of the site and what is patched in there. The only way a model multiplies by a weight
  // (but for an embedding that is also the last projection).
  at::Tensor Linear(const Site& site, const at::Tensor& x);
  at::ScalarType compute() const { return compute_; }
  // The weight in the compute type. One that needs a gradient stays differentiable; of others a
  // copy is kept.
  at::Tensor Cast(const at::Tensor& weight);
  // The key of the pass's next dropout; the same for the same stream and place in the pass. None
  // without a stream.
  DropoutKeys NextDropout(double p);

  // Layers keep no activations for the backward pass but compute them again there (recompute.h).
  void SetRecompute(bool on) { recompute_ = on; }
  bool recomputes() const { return recompute_; }
  // How many dropouts the pass has had, and those of each lane.
  using Places = std::vector<uint64_t>;
  Places dropout_places() const;
  // A part of the pass once more: while it lives, dropout draws as from `places` on (what
  // dropout_places() was when the part began) and observers are not called.
  class Replay {
   public:
    Replay(Context& context, const Places& places);
    ~Replay();
    Replay(const Replay&) = delete;
    Replay& operator=(const Replay&) = delete;

   private:
    Context& context_;
    Places places_;
    bool quiet_;
  };

  // Turns dropout on. `stream` names this pass: a function of seed, update and micro-batch.
  void SetDropoutStream(uint64_t stream) { stream_ = stream, dropout_ = true, sites_seen_ = 0; }
  void SetPatches(const SitePatches* patches) { patches_ = patches; }
  // Shares the pass: linear maps and dropout are the lanes' own where they have their own.
  void SetLanes(std::vector<Lane> lanes, std::shared_ptr<const LaneRows> rows);
  // The rows of this pass are a part of a batch: dropout draws what it would draw for them in a
  // pass over the whole batch.
  void SetPart(std::shared_ptr<const PartRows> part) { part_ = std::move(part); }
  void AddObserver(Observer observer) { observers_.push_back(std::move(observer)); }
  // `cache` holds the copies of `frozen`'s tensors, in place of copies that end with this context.
  void SetFrozen(const std::map<std::string, at::Tensor>* frozen, CastCache* cache);
  // Asks for these layers' outputs; the model stops after the last of them and makes no logits.
  void Probe(std::vector<std::string> layers, LayerProbe probe);
  // An encoder's last layer computes every token, as it also does for a probe; else it may leave
  // out those that the logits do not look at.
  void ComputeEveryToken() { every_token_ = true; }
  bool EveryToken() const { return every_token_ || Probing(); }
  bool Probing() const { return static_cast<bool>(probe_); }
  // Models call it after each layer; false when nothing further is wanted.
  bool Reached(const std::string& layer, const at::Tensor& output);

 private:
  DropoutKey NextKey(double p);
  void SetPlaces(const Places& places);
  at::Tensor Product(const Site& site, const at::Tensor& x);
  void Patch(const Site& site, const at::Tensor& x, at::Tensor* y);
  void PatchLanes(const Site& site, const at::Tensor& x, at::Tensor* y);
  // With each lane's own weight and bias, where it has one.
  at::Tensor ProductOfLanes(const Site& site, const at::Tensor& x);

  at::ScalarType compute_;
  bool dropout_ = false, recompute_ = false, quiet_ = false, every_token_ = false;
  uint64_t stream_ = 0, sites_seen_ = 0;
  const SitePatches* patches_ = nullptr;
  std::vector<Lane> lanes_;
  std::shared_ptr<const LaneRows> lane_rows_;
  std::shared_ptr<const PartRows> part_;
  std::vector<Observer> observers_;
  std::unordered_map<const void*, bool> frozen_;
  CastCache* frozen_cache_ = nullptr;
  CastCache own_cache_;
  std::vector<std::string> wanted_;
  LayerProbe probe_;
};

}  // namespace eida::engine
