#include "worker/engine/study.h"

#include <torch/torch.h>

#include <deque>
#include <mutex>

#include "common/base/clock.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/models/base.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {
namespace {

constexpr size_t kKept = 2;  // a soup goes back and forth between two splits

// alpha left + (1 - alpha) right; exchanging the two gives the same bits.
at::Tensor Mix(const at::Tensor& left, const at::Tensor& right, double alpha) {
  if (alpha == 0.5) return (left + right).mul_(0.5);
  return alpha < 0.5 ? at::lerp(right, left, alpha) : at::lerp(left, right, 1 - alpha);
}

class BaseStudy : public Study {
 public:
  BaseStudy(std::shared_ptr<const Base> base, std::shared_ptr<const Examples> examples,
            const Numerics& numerics)
      : base_(std::move(base)),
        examples_(std::move(examples)),
        items_(examples_->items.begin(), examples_->items.end()),
        numerics_(numerics) {}

  Result<Weights> LoadMember(const std::string& path) override { return ReadMember(*base_, path); }

  Result<LowRank> LoadFactors(const std::string& path) override {
    EIDA_ASSIGN_OR_RETURN(const MemberFile member, OpenMember(*base_, path));
    // Merging checks that the file belongs to this model.
    Status fits = member.adapter->Merge(*base_, member.tensors).status();
    if (!fits.ok()) return Annotate(fits, path);
    const at::NoGradGuard no_grad;
    return member.adapter->AsLowRank(*base_, member.tensors);
  }

  Result<Weights> Merge(const LowRank& update) override { return MergeLowRank(*base_, update); }

  Weights Interpolate(const Weights& a, const Weights& b, double alpha) override {
    if (alpha == 1) return a;
    if (alpha == 0) return b;
    const at::NoGradGuard no_grad;
    Weights mixed;
    for (const Weights* side : {&a, &b}) {
      for (const auto& [name, tensor] : *side) {
        if (mixed.count(name) != 0) continue;
        const at::Tensor left = Of(a, name), right = Of(b, name);
        // A tensor that only one side has and the base lacks has nothing to be mixed with.
        if (!left.defined() || !right.defined()) {
          mixed[name] = tensor;
          continue;
        }
        mixed[name] = Mix(left.to(at::kFloat), right.to(at::kFloat), alpha);
      }
    }
    return mixed;
  }

  Result<Line> AdapterLine(const std::string& path_a, const std::string& path_b) override {
    return LineOfAdapters(*base_, path_a, path_b);
  }

  Result<EvalResult> Evaluate(const Weights& weights) override {
    EIDA_ASSIGN_OR_RETURN(EvalResult result, Measure(weights));
    return Compared(std::move(result));
  }

  // With every loss that there is.
  Result<EvalResult> Measure(const Weights& weights) const {
    return EvaluateWeights(*base_, weights, *examples_, numerics_);
  }

  Result<std::map<std::string, at::Tensor>> Features(
      const Weights& weights, const std::vector<std::string>& layers) override {
    return FeaturesOf(*base_, weights, *examples_, numerics_, layers);
  }

  const std::vector<int64_t>& items() const override { return items_; }
  std::string item_hash() const override { return examples_->item_hash; }

  Result<at::Tensor> BaseTensor(const std::string& name) override {
    const auto found = base_->weights.find(name);
    if (found == base_->weights.end()) return NotFound("the base model has no tensor " + name);
    return found->second;
  }

  std::vector<std::string> BaseNames() const override {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : base_->weights) names.push_back(name);
    return names;
  }

 private:
  at::Tensor Of(const Weights& side, const std::string& name) const {
    return Tensors{&side, &base_->weights}.Find(name);
  }

  std::shared_ptr<const Base> base_;
  std::shared_ptr<const Examples> examples_;
  std::vector<int64_t> items_;
  Numerics numerics_;
};

std::string KeyOf(const Job& job, const ItemChoice& choice) {
  std::string key = job.device + job.spec.value("model", Json::object()).dump() +
                    job.spec.value("data", Json::object()).dump() +
                    job.spec.value("numerics", Json::object()).dump() + choice.key();
  for (const auto& [role, path] : job.inputs) {
    if (role.rfind("model/", 0) == 0 || role.rfind("data/", 0) == 0)
      key += "\n" + role + "=" + path;
  }
  return key;
}

Result<std::shared_ptr<BaseStudy>> StudyOf(const Job& job, const ItemChoice& choice) {
  static std::mutex mutex;
  static std::deque<std::pair<std::string, std::shared_ptr<BaseStudy>>> kept;
  const std::string key = KeyOf(job, choice);
  const std::lock_guard<std::mutex> lock(mutex);
  for (const auto& [name, study] : kept) {
    if (name == key) return study;
  }
  EIDA_ASSIGN_OR_RETURN(
      const Numerics numerics,
      ReadNumerics(job.spec.value("numerics", Json::object()), "job " + job.name + ": numerics"));
  EIDA_ASSIGN_OR_RETURN(const std::shared_ptr<const Base> base, LoadBase(job));
  EIDA_ASSIGN_OR_RETURN(const std::shared_ptr<const Examples> examples,
                        LoadExamples(job, *base, choice));
  kept.emplace_back(key, std::make_shared<BaseStudy>(base, examples, numerics));
  if (kept.size() > kKept) kept.pop_front();
  return kept.back().second;
}

}  // namespace

Result<std::shared_ptr<Study>> Study::For(const Job& job, const std::string& split, bool sampled) {
  EIDA_ASSIGN_OR_RETURN(const ItemChoice choice, ReadItemChoice(job, split, sampled));
  return For(job, choice);
}

Result<std::shared_ptr<Study>> Study::For(const Job& job, const ItemChoice& choice) {
  EIDA_ASSIGN_OR_RETURN(std::shared_ptr<Study> study, StudyOf(job, choice));
  return study;
}

Result<JobResult> RunEvaluate(const Job& job, Events& events) {
  const Stopwatch watch;
  const auto split = Require<std::string>(job.spec, "split", "job " + job.name + ": spec");
  if (!split.ok()) return ConfigError(Message(split.status()));
  EIDA_ASSIGN_OR_RETURN(const ItemChoice choice, ReadItemChoice(job, *split, true));
  EIDA_ASSIGN_OR_RETURN(const std::shared_ptr<BaseStudy> study, StudyOf(job, choice));
  EIDA_ASSIGN_OR_RETURN(const std::string weights_path, Input(job, "weights"));
  EIDA_ASSIGN_OR_RETURN(const Weights weights, study->LoadMember(weights_path));
  if (events.StopRequested()) return Preempted();
  const auto evaluated = study->Measure(weights);
  if (!evaluated.ok()) return Annotate(evaluated.status(), "job " + job.name);
  const std::string path = job.out + "/eval.safetensors";
  EIDA_RETURN_IF_ERROR(WriteEval(*evaluated, path));
  const Scores scores = Score(*evaluated);
  events.Progress(scores.n, scores.n, "items");
  JobResult result;
  result.artifacts.push_back(
      {"eval",
       "eval",
       path,
       {{"split", *split}, {"n", scores.n}, {"item_hash", study->item_hash()}}});
  result.summary = ToJson(scores);
  result.summary["split"] = *split;
  result.summary["item_hash"] = study->item_hash();
  result.summary["seconds"] = watch.Seconds();
  return result;
}

}  // namespace eida::engine
