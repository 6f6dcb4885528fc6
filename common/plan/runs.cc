// Runs: variants x seeds, each with its training job.
#include <algorithm>

#include "common/plan/parameters.h"
#include "common/plan/parts.h"
#include "common/spec/selection.h"

namespace eida::plan {
namespace {

// What a run learns from, and what it is judged by on the way.
std::set<std::string> TrainingSplits(const spec::SweepSpec& spec) {
  std::set<std::string> splits = {"train"};
  if (!spec.eval["every"].is_null()) splits.insert(spec.eval["split"].get<std::string>());
  return splits;
}

// What the training does not look at must not decide whether it is reused.
Json EvalOnTheWay(const spec::SweepSpec& spec) {
  Json eval = spec.eval["every"].is_null() ? Json{{"every", nullptr}} : spec.eval;
  eval.erase("report");
  eval.erase("generate");
  return eval;
}

// Seconds on some machine: only the order between jobs matters.
double TrainCost(const spec::VariantSpec& variant, int64_t model_parameters) {
  const double work = variant.train.contains("steps")
                          ? GetOr<double>(variant.train, "steps", 1) *
                                GetOr<double>(variant.train, "batch_size", 32) / 1000
                          : GetOr<double>(variant.train, "epochs", 1);
  const double backward = GetOr<std::string>(variant.adapter, "type", "none") == "none" ? 1.5 : 1.0;
  return 10 * work * backward * std::max(0.1, static_cast<double>(model_parameters) / 2e7);
}

// Runs that may share a process: LoRA runs of equal numerics over the sweep's model and data, in
// packs of resources.pack. How runs are packed is no part of their fingerprints.
class Packs {
 public:
  // The bundle key of the next run; "" = it runs alone.
  std::string Next(const Json& adapter, const Json& train, const Draft& draft) {
    const auto type = GetOr<std::string>(adapter, "type", "none"),
               precision = GetOr<std::string>(train, "precision", "fp32");
    if (draft.spec().pack == 1 || (type != "lora" && type != "eva") || precision == "fp16")
      return "";
    const Json numerics = {
        {"precision", precision},
        {"gradient_checkpointing", train.value("gradient_checkpointing", Json())},
        {"label_smoothing", train.value("label_smoothing", Json())}};
    const std::string key =
        BundleKey("train", {{"model", draft.model()},
                            {"data", draft.DataOf(TrainingSplits(draft.spec()))},
                            {"numerics", numerics}});
    return key + "-" + std::to_string(sizes_[key]++ / draft.spec().pack);
  }

 private:
  std::map<std::string, int> sizes_;  // runs of each kind so far
};

NewJob TrainingOf(const RunRecord& run, const Json& adapter, const spec::VariantSpec& variant,
                  const Draft& draft) {
  const spec::SweepSpec& spec = draft.spec();
  NewJob job{JobKind::kTrain, "train/" + run.name, run.id};
  job.spec = {{"seed", run.seed},
              {"adapter", adapter},
              {"train", variant.train},
              {"eval", EvalOnTheWay(spec)},
              {"checkpoint", spec.checkpoint}};
  if (!spec.early_stop.is_null()) job.spec["early_stop"] = spec.early_stop;
  draft.See(TrainingSplits(spec), job);
  if (variant.adapter.contains("init")) {
    const auto init = variant.adapter["init"].get<std::string>();
    for (const auto& [name, digest] : draft.inputs().files.at(init))
      job.inputs.push_back({"init/" + name, digest});
  }
  job.cost = TrainCost(variant, draft.inputs().model.parameters);
  job.slots = spec.slots_per_job;
  return job;
}

}  // namespace

Status AddRuns(Draft& draft) {
  const spec::SweepSpec& spec = draft.spec();
  Packs packs;
  for (const spec::VariantSpec& variant : spec.variants) {
    const std::string what = "variant \"" + variant.name + "\"";
    const Result<Json> adapter = ResolvedAdapter(variant.adapter, draft.inputs());
    if (!adapter.ok()) return Annotate(adapter.status(), what);
    const Result<ParameterCount> parameters =
        CountParameters(draft.inputs().model, *adapter, spec.model.labels);
    if (!parameters.ok()) return Annotate(parameters.status(), what);
    for (const int64_t seed : spec.seeds) {
      RunRecord run;
      run.id = RunId(static_cast<int64_t>(draft.runs.size()) + 1);
      run.index = static_cast<int>(draft.runs.size());
      run.variant = variant.name;
      run.seed = seed;
      run.name = spec::RunName(variant.name, seed);
      run.settings = Canonical({{"adapter", *adapter}, {"train", variant.train}});
      run.trainable_parameters = parameters->trainable();
      run.base_parameters = parameters->base;
      NewJob job = TrainingOf(run, *adapter, variant, draft);
      job.bundle_key = packs.Next(*adapter, variant.train, draft);
      run.train_job = draft.jobs.Add(std::move(job));
      draft.runs.push_back(std::move(run));
    }
  }
  return OkStatus();
}

}  // namespace eida::plan
