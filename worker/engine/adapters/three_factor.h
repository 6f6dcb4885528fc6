// What adapters with a small matrix between two fixed bases share: W + scale * out middle in, `in`
// [k, in], `middle` [l, k], `out` [out, l].
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "worker/engine/adapters/adapter.h"

namespace eida::engine::three_factor {

struct Factors {
  at::Tensor in, middle, out;
};

// y += scale * ((x in^T) middle^T) out^T; a pass keeps only the small products.
std::shared_ptr<const SitePatch> Patch(SiteShape site, Factors factors, double scale);
// Adds scale * out middle in to the site's part of a stored weight. ConfigError naming the site
// when the factors do not fit it.
Status AddTo(const at::Tensor& stored, const SiteShape& site, const Factors& factors, double scale);

// ConfigError unless the site's matrix has `r` singular vectors.
Status CheckRank(int64_t r, const SiteShape& site, const std::string& adapter);

// state[key], or an undefined tensor.
at::Tensor Find(const Weights& state, const std::string& key);
// The parameters that `state` has whole, under their own names.
void TakeWhole(const Base& base, const Weights& state, Weights* into, size_t* used);
// ConfigError unless `used` is all of the state.
Status AllUsed(const Weights& state, size_t used);

// What the sweep says of an r x r matrix between fixed bases: scale = alpha / r.
struct RankSettings {
  int64_t r = 0;
  double scale = 1;
  std::vector<std::string> targets;
};
// ConfigError naming `where` and the setting that makes no sense.
Result<RankSettings> ReadRankSettings(const Json& json, const std::string& where);

// An adapter whose state is <site>.<id>_A (in), <site>.<id>_B (out), both fixed, and <site>.<id>_R
// (middle), which trains as the head does.
class FixedBases : public Adapter {
 public:
  FixedBases(std::string id, RankSettings settings, Json json)
      : id_(std::move(id)), s_(std::move(settings)), json_(std::move(json)) {}
  std::string artifact_kind() const override { return "adapter"; }
  Json settings() const override { return json_; }
  Result<Weights> Init(const Base& base, uint64_t seed, const TrainingData& data) const override;
  bool Trains(const std::string& name) const override;
  Status Attach(const Base& base, const Weights& state, Weights* over,
                SitePatches* patches) const override;
  Result<Weights> Merge(const Base& base, const Weights& state) const override;
  Result<LowRank> AsLowRank(const Base& base, const Weights& state) const override;

 protected:
  // The factors at the start, one a site; `head` is the head at the start.
  virtual Result<std::vector<Factors>> Start(const Base& base, uint64_t seed,
                                             const TrainingData& data, const Weights& head,
                                             const std::vector<SiteShape>& sites) const = 0;
  int64_t r() const { return s_.r; }
  double scale() const { return s_.scale; }
  const std::string& id() const { return id_; }

 private:
  std::string Key(const std::string& site, char factor) const;
  std::string id_;
  RankSettings s_;
  Json json_;
};

}  // namespace eida::engine::three_factor
