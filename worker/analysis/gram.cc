#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "worker/analysis/analysis.h"
#include "worker/analysis/cka.h"
#include "worker/analysis/output.h"
#include "worker/engine/study.h"

namespace eida::analysis {

Result<engine::JobResult> RunGram(const engine::Job& job, engine::Events& events) {
  const Stopwatch watch;
  EIDA_ASSIGN_OR_RETURN(const auto layers, SpecField<std::vector<std::string>>(job, "layers"));
  EIDA_ASSIGN_OR_RETURN(const std::string split, SpecField<std::string>(job, "split"));
  EIDA_ASSIGN_OR_RETURN(const std::string weights_path, engine::Input(job, "weights"));
  if (layers.empty()) return engine::ConfigError("job " + job.name + ": spec: \"layers\" is empty");
  EIDA_ASSIGN_OR_RETURN(const auto study, engine::Study::For(job, split, true));
  const int64_t n = static_cast<int64_t>(study->items().size());
  if (n < kMinGramItems) {
    return engine::DataError("job " + job.name + ": split " + split + " has " + std::to_string(n) +
                             " items, and the unbiased estimator needs at least " +
                             std::to_string(kMinGramItems));
  }
  if (events.StopRequested()) return engine::Preempted();
  events.Progress(0, 1, "models");
  EIDA_ASSIGN_OR_RETURN(const engine::Weights member, study->LoadMember(weights_path));
  EIDA_ASSIGN_OR_RETURN(const auto features, study->Features(member, layers));

  engine::Weights tensors, means;
  for (const std::string& layer : layers) {
    const auto it = features.find(layer);
    if (it == features.end())
      return engine::ConfigError("job " + job.name + ": the model has no layer \"" + layer + "\"");
    if (!torch::isfinite(it->second).all().item<bool>()) {
      return engine::NonfiniteError("job " + job.name + ": layer " + layer +
                                    " has features that are not finite");
    }
    means[layer] = it->second.to(torch::kFloat).cpu();
    const GramVectors vectors = MakeGramVectors(it->second);
    tensors[layer + ".biased"] = vectors.biased;
    tensors[layer + ".unbiased"] = vectors.unbiased;
  }
  const Json listed = layers;
  const std::map<std::string, std::string> metadata = {{"format", "pt"},
                                                       {"eida.layers", Canonical(listed)},
                                                       {"eida.n", std::to_string(n)},
                                                       {"eida.item_hash", study->item_hash()},
                                                       {"eida.pool", "mean_nonspecial"}};
  EIDA_RETURN_IF_ERROR(engine::WriteSafetensors(tensors, metadata, job.out + "/gram.safetensors"));

  engine::JobResult result;
  AddFile(job, "gram", "gram", "gram.safetensors", {{"layers", listed}, {"n", n}}, result);
  if (GetOr(job.spec, "features", false)) {
    EIDA_RETURN_IF_ERROR(
        engine::WriteSafetensors(means, metadata, job.out + "/features.safetensors"));
    AddFile(job, "features", "features", "features.safetensors", Json::object(), result);
  }
  events.Progress(1, 1, "models");
  result.summary = {{"n", n},
                    {"layers", listed},
                    {"item_hash", study->item_hash()},
                    {"seconds", watch.Seconds()}};
  return result;
}

}  // namespace eida::analysis
