#include "worker/engine/adapters/observation.h"

#include <torch/torch.h>

#include "common/catalog/eida_dims.h"
#include "common/catalog/sites.h"
#include "worker/engine/adapters/bases.h"

namespace eida::engine::observe {
namespace {

using ByName = std::map<std::string, at::Tensor>;

void Append(const ByName& more, ByName& all) {
  for (const auto& [name, rows] : more) {
    at::Tensor& own = all[name];
    own = own.defined() ? at::cat({own, rows}) : rows;
  }
}

std::vector<Observed> NothingYet(const std::vector<SiteShape>& sites, size_t sizes) {
  std::vector<Observed> all;
  std::map<std::string, bool> known;
  for (const SiteShape& site : sites) {
    const std::string input = catalog::InputOf(site);
    if (known.emplace(input, true).second) all.push_back({input, site.role, false, {}});
  }
  for (const SiteShape& site : sites) all.push_back({site.name, site.role, true, {}});
  for (Observed& one : all) one.sizes.resize(sizes);
  return all;
}

class Observer {
 public:
  Observer(const Base& base, const Weights& over, const TrainingData& data,
           const ObservationSettings& settings, std::vector<SiteShape> sites)
      : base_(base), over_(over), data_(data), s_(settings), sites_(std::move(sites)) {}

  Status Repeat(int64_t repeat, Observation& all) const {
    const std::string stream = "observe/" + std::to_string(repeat);
    const Rng order(s_.seed, stream);
    all.repeats.push_back({DrawItems(data_, 0, s_.held_out, order),
                           DrawItems(data_, s_.held_out, s_.sizes.back(), order)});
    EIDA_ASSIGN_OR_RETURN(const Samples held, Draws(stream, "held", 0, s_.held_out));
    Samples fit;
    for (size_t k = 0; k < s_.sizes.size(); ++k) {
      const int64_t before = k == 0 ? 0 : s_.sizes[k - 1];
      EIDA_ASSIGN_OR_RETURN(const Samples more, Draws(stream, "sample/" + std::to_string(k),
                                                      s_.held_out + before, s_.sizes[k] - before));
      Append(more.inputs, fit.inputs);
      Append(more.updates, fit.updates);
      for (Observed& one : all.places) {
        const ByName& from = one.update ? fit.updates : fit.inputs;
        const ByName& other = one.update ? held.updates : held.inputs;
        EIDA_RETURN_IF_ERROR(Add(from.at(one.name), other.at(one.name), one.name, one.sizes[k]));
      }
    }
    return OkStatus();
  }

 private:
  Result<Samples> Draws(const std::string& stream, const std::string& name, int64_t skip,
                        int64_t count) const {
    return Sample(base_, over_, data_, DrawItems(data_, skip, count, Rng(s_.seed, stream)),
                  s_.batch_size, sites_, s_.draw, s_.seed, stream + "/" + name);
  }

  Status Add(const at::Tensor& sample, const at::Tensor& held, const std::string& name,
             Observed::Size& size) const {
    EIDA_ASSIGN_OR_RETURN(const at::Tensor basis,
                          bases::MeanFirst(sample, s_.dims.back(), "observation of " + name));
    size.tokens.push_back(sample.size(0));
    std::vector<double>& cosine = size.cosine.emplace_back();
    for (const int64_t k : s_.dims) cosine.push_back(bases::MeanCosine(held, basis, k));
    return OkStatus();
  }

  const Base& base_;
  const Weights& over_;
  const TrainingData& data_;
  const ObservationSettings& s_;
  const std::vector<SiteShape> sites_;
};

}  // namespace

Result<Observation> Observe(const Base& base, const Weights& over, const TrainingData& data,
                            const ObservationSettings& settings,
                            const std::function<bool(int64_t repeats_done)>& between) {
  EIDA_ASSIGN_OR_RETURN(std::vector<SiteShape> sites,
                        catalog::TargetSites(base.model->sites(), settings.targets));
  const int64_t wanted = settings.held_out + settings.sizes.back();
  if (data.train.size() < wanted) {
    return ConfigError("the split has " + std::to_string(data.train.size()) + " items, and " +
                       std::to_string(settings.held_out) + " held out beside " +
                       std::to_string(settings.sizes.back()) +
                       " are asked for; lower held_out or sizes");
  }
  Observation all = {NothingYet(sites, settings.sizes.size()), {}};
  const Observer observer(base, over, data, settings, std::move(sites));
  for (int64_t repeat = 0; repeat < settings.repeats; ++repeat) {
    EIDA_RETURN_IF_ERROR(observer.Repeat(repeat, all));
    if (!between(repeat + 1)) return Preempted();
  }
  return all;
}

}  // namespace eida::engine::observe
