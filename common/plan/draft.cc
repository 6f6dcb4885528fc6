#include "common/plan/draft.h"

#include "common/base/digest.h"
#include "common/inputs/gather.h"
#include "common/spec/selection.h"

namespace eida::plan {

std::string BundleKey(const std::string& kind, const Json& alike) {
  return kind + "-" + DigestOf(Canonical(alike)).str().substr(0, 16);
}

Result<Draft> Draft::Of(const spec::SweepSpec& spec, const PlanInputs& inputs) {
  Draft draft;
  draft.spec_ = &spec;
  draft.inputs_ = &inputs;
  const auto model = inputs.files.find(spec.model.path);
  if (model == inputs.files.end())
    return InvalidArgument("the files of model.path \"" + spec.model.path + "\" were not given");
  for (const auto& [name, digest] : model->second)
    draft.model_inputs_.push_back({"model/" + name, digest});
  draft.model_ = {{"digest", inputs::ModelDigest(model->second)},
                  {"architecture", inputs.model.architecture},
                  {"labels", spec.model.labels}};
  EIDA_ASSIGN_OR_RETURN(draft.data_, DataParts::Of(spec.data, inputs));
  return draft;
}

void Draft::See(const std::set<std::string>& splits, NewJob& job) const {
  DataPart part = data_.For(splits);
  job.spec["model"] = model_;
  job.spec["data"] = std::move(part.data);
  job.inputs = model_inputs_;
  job.inputs.insert(job.inputs.end(), part.inputs.begin(), part.inputs.end());
}

void Draft::SeeItems(const Items& items, NewJob& job) const {
  job.spec = {{"split", items.split},
              {"samples", items.samples ? Json(*items.samples) : Json(nullptr)},
              {"item_seed", items.seed},
              {"numerics", items.numerics}};
  See({items.split}, job);
}

Json Draft::EvalNumerics() const {
  return {{"precision", spec_->eval["precision"]},
          {"batch_size", spec_->eval["batch_size"]},
          {"batching", "bucketed"}};
}

Json Draft::Smoothed(Json numerics) const {
  if (!spec_->eval.contains("label_smoothing")) return numerics;
  numerics["label_smoothing"] = spec_->eval["label_smoothing"];
  // What runs are chosen by, models are compared by.
  if (spec_->eval["metric"] == "loss_smoothed") numerics["loss"] = "loss_smoothed";
  return numerics;
}

Result<std::vector<size_t>> Draft::Select(const std::string& text) const {
  EIDA_ASSIGN_OR_RETURN(const spec::Selection selection, spec::Selection::Parse(text));
  std::vector<size_t> chosen;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (selection.Matches(runs[i].variant, runs[i].seed, runs[i].name)) chosen.push_back(i);
  }
  return chosen;
}

Json Draft::Members(const std::vector<size_t>& chosen) const {
  Json members = Json::array();
  for (const size_t i : chosen)
    members.push_back(
        {{"label", runs[i].name}, {"variant", runs[i].variant}, {"seed", runs[i].seed}});
  return members;
}

ParentEdge Draft::Weights(size_t run, const std::string& at, const std::string& role) const {
  return {role, runs[run].train_job, at == "best" ? "best" : "weights"};
}

JobId Draft::Evaluate(size_t run, const std::string& at, const Items& items) {
  NewJob job{JobKind::kEvaluate,
             "evaluate/" + runs[run].name + "/" + items.split +
                 (items.samples ? "-" + std::to_string(*items.samples) : "") +
                 (at == "best" ? "/best" : ""),
             runs[run].id};
  Items measured = items;
  measured.numerics = Smoothed(items.numerics);
  SeeItems(measured, job);
  job.parents = {Weights(run, at, "weights")};
  job.bundle_key = BundleKey("evaluate", job.spec);
  job.cost = 2;
  return jobs.Add(std::move(job));
}

}  // namespace eida::plan
