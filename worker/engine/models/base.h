// A base model out of a Hugging Face directory's files: what every job of a bundle shares.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/base/json.h"
#include "common/base/status.h"
#include "worker/engine/formats/tokenizer.h"
#include "worker/engine/job.h"
#include "worker/engine/models/model.h"
#include "worker/engine/study.h"

namespace eida::engine {

struct Base {
  Json config;
  std::string config_path;
  int64_t labels = 2;
  at::Device device = at::kCPU;
  std::unique_ptr<Model> model;
  Weights weights;  // fp32, under the model's names; only what the checkpoint has
  std::vector<std::string>
      missing;  // parameters that the checkpoint lacks: they start from the run's seed
  Tokenizer tokenizer;
  mutable CastCache casts;     // of `weights`
  int64_t parameters() const;  // of the checkpoint, head excluded

  // The missing parameters as the seed gives them. The same for every adapter.
  Weights Fresh(uint64_t seed) const;
};

// From spec["model"] and the inputs model/*. The last one is kept per process, by digest.
// ConfigError when files are missing, do not fit together, or need what this version cannot
// compute.
Result<std::shared_ptr<const Base>> LoadBase(const Job& job);

// A model for one run, with the run's dropout (null = config.json's).
Result<std::unique_ptr<Model>> MakeRunModel(const Base& base, const Json& dropout);

}  // namespace eida::engine
