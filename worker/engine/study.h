// The engine as the analyses see it: load the base once, put trained members on it, evaluate or
// take features. One thread at a time; tensors are on the study's device.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"
#include "common/catalog/sites.h"
#include "worker/engine/job.h"

namespace eida::engine {

// Tensors by Hugging Face name; one that is absent equals the base's.
using Weights = std::map<std::string, at::Tensor>;

// A map that a member changes: W + scale b a, a [r, in], b [out, r].
struct LowRankMap {
  catalog::SiteShape site;
  at::Tensor a, b;
  double scale = 1;
};
// A member as low-rank updates of maps, and tensors by name that differ as a whole.
struct LowRank {
  std::vector<LowRankMap> maps;
  Weights whole;
};

// Per-item results in item order.
struct EvalResult {
  at::Tensor item;    // i64 [n]
  at::Tensor label;   // i64 [n]
  at::Tensor loss;    // f32 [n], cross entropy of the item alone: the mean over its labels
  at::Tensor logits;  // f32 [n, labels]; [n, 0] of a language model
  at::Tensor count;   // f32 [n], how many labels each item has; undefined = 1 each
  // f32 [n], `loss` with the label smoothing of the numerics; undefined without.
  at::Tensor loss_smoothed;
  bool compare_smoothed = false;  // models are compared by that one
};
// As paths and soups look at it: `loss` is the loss that models are compared by, the only one.
EvalResult Compared(EvalResult result);
struct Scores {
  double loss = 0, accuracy = 0, f1 = 0;  // f1 of class 1; means in double over labels in order
  int64_t n = 0;
  bool classified = true;              // else there is no accuracy and no f1
  std::map<std::string, double> more;  // the other metrics of metrics.def that there are
};
Scores Score(const EvalResult& result);
Json ToJson(const Scores& scores);  // those of metrics.def that there are, by id, and "n"
Status WriteEval(const EvalResult& result, const std::string& path);
Result<EvalResult> ReadEval(const std::string& path);  // Compared

struct ItemChoice;  // tasks/task.h

// The point at `alpha` of the straight line between two members a (1) and b (0).
using Line = std::function<Result<Weights>(double alpha)>;

// Base model, tokenised items of one split, and numerics: what evaluate, gram, path and soup share.
// Bundled jobs reuse it through `Study::For`, which keeps the last one per process.
class Study {
 public:
  // From spec["model"], spec["data"], spec["numerics"] and `split` (with spec["samples"],
  // spec["item_seed"] when `sampled`).
  static Result<std::shared_ptr<Study>> For(const Job& job, const std::string& split, bool sampled);
  static Result<std::shared_ptr<Study>> For(const Job& job, const ItemChoice& choice);
  virtual ~Study() = default;

  // A `weights` artifact: an adapter is merged (W0 + s B A in fp32), a model is taken as it is.
  // Head included.
  virtual Result<Weights> LoadMember(const std::string& path) = 0;
  // The same as low-rank updates of the base. ConfigError when it is no such thing.
  virtual Result<LowRank> LoadFactors(const std::string& path) = 0;
  // The base with these updates, as LoadMember gives a member.
  virtual Result<Weights> Merge(const LowRank& update) = 0;
  // alpha a + (1 - alpha) b over the union of their tensors (absent = base), in fp32. alpha 1 and 0
  // give a and b bit for bit, and so does (b, a, 1 - alpha) what (a, b, alpha) gives: a point of a
  // path is the same from both ends.
  virtual Weights Interpolate(const Weights& a, const Weights& b, double alpha) = 0;
  // The line through the two members' own tensors before merging: factors A and B apart from one
  // another, heads too. The merged point has cross terms B1 A2 that Interpolate's has not, as
  // PEFT's combination "linear" has them (there the square roots of the weights meet A and B).
  // ConfigError when the members' adapters are not of one structure: other settings, names or
  // shapes. The study outlives the line.
  virtual Result<Line> AdapterLine(const std::string& path_a, const std::string& path_b) = 0;
  // Deterministic in everything but the thread count; the same weights give the same bytes whoever
  // calls.
  // Compared.
  virtual Result<EvalResult> Evaluate(const Weights& weights) = 0;
  // Mean over non-special tokens of each named layer's output, f32 [n, hidden]. "last" = the last
  // encoder layer, "layer.<k>" = the output of encoder layer k, "embeddings" = the embeddings'
  // output.
  virtual Result<std::map<std::string, at::Tensor>> Features(
      const Weights& weights, const std::vector<std::string>& layers) = 0;
  virtual const std::vector<int64_t>& items() const = 0;
  virtual std::string item_hash() const = 0;
  // The base's tensor of that name, for writing full models.
  virtual Result<at::Tensor> BaseTensor(const std::string& name) = 0;
  virtual std::vector<std::string> BaseNames() const = 0;
};

// Whole models evaluated (or looked at for features), and items in them, since the process began:
// what a study costs, whoever asked. Any thread.
struct Passes {
  int64_t models = 0, items = 0;
};
Passes PassesSoFar();

// Job functions of the engine.
Result<JobResult> RunTrain(const Job& job, Events& events);
// Train jobs whose keys are equal can be packed: their passes over the frozen base are shared, each
// ends as it would alone. "" = trains alone.
std::string PackKey(const Job& job);
struct PackJob {
  const Job* job = nullptr;
  Events* events = nullptr;
};
using PackEnded = std::function<void(size_t index, const Result<JobResult>&)>;
// Calls `ended` once for each job, by its place in `jobs`, as soon as it has ended. A job that
// fails does not keep the others from going on; after one that was `oom` or `internal` they leave
// checkpoints and end as preempted. Jobs that turn out to share nothing run one after another.
void TrainPack(const std::vector<PackJob>& jobs, const PackEnded& ended);
Result<JobResult> RunEvaluate(const Job& job, Events& events);
Result<JobResult> RunGenerate(const Job& job, Events& events);
Result<JobResult> RunObserve(const Job& job, Events& events);
Result<JobResult> RunExport(const Job& job, Events& events);
Result<JobResult> RunNewModel(const Job& job, Events& events);

// safetensors, as worker/engine/formats implements them.
Result<Weights> ReadSafetensors(const std::string& path,
                                std::map<std::string, std::string>* metadata = nullptr);
// Names sorted, bytes determined by the content; written atomically and synced.
Status WriteSafetensors(const Weights& tensors, const std::map<std::string, std::string>& metadata,
                        const std::string& path);

}  // namespace eida::engine
