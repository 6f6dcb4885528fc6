#include "worker/analysis/path.h"

#include <torch/torch.h>

#include <cmath>
#include <unordered_map>

#include "common/base/text.h"
#include "worker/analysis/analysis.h"
#include "worker/analysis/output.h"

namespace eida::analysis {

Result<engine::EvalResult> SelectItems(const engine::EvalResult& result,
                                       const std::vector<int64_t>& items, const std::string& what) {
  const at::Tensor have = result.item.contiguous();
  const int64_t* item = have.data_ptr<int64_t>();
  std::unordered_map<int64_t, int64_t> row;
  for (int64_t i = 0; i < have.numel(); ++i) row[item[i]] = i;
  at::Tensor index = torch::empty({static_cast<int64_t>(items.size())}, torch::kLong);
  int64_t* out = index.data_ptr<int64_t>();
  for (size_t i = 0; i < items.size(); ++i) {
    const auto it = row.find(items[i]);
    if (it == row.end()) {
      return engine::DataError(what + ": no result for item " + std::to_string(items[i]) +
                               "; it was evaluated on another split");
    }
    out[i] = it->second;
  }
  return engine::EvalResult{
      have.index_select(0, index), result.label.index_select(0, index),
      result.loss.index_select(0, index), result.logits.index_select(0, index),
      result.count.defined() ? result.count.index_select(0, index) : result.count};
}

Result<PathLosses> MeasurePath(engine::Study& study, const engine::Weights& a,
                               const engine::Weights& b, const engine::EvalResult& end_a,
                               const engine::EvalResult& end_b, const std::vector<double>& alphas,
                               engine::Events& events) {
  PathLosses path;
  Curve& curve = path.curve;
  curve.alphas = alphas;
  curve.n = static_cast<int64_t>(study.items().size());
  curve.item_hash = study.item_hash();
  const int64_t interior = static_cast<int64_t>(alphas.size()) - 2;
  std::vector<at::Tensor> rows;
  std::vector<double> errors;
  for (size_t k = 0; k < alphas.size(); ++k) {
    engine::EvalResult point;
    if (k == 0) {
      point = end_b;
    } else if (k + 1 == alphas.size()) {
      point = end_a;
    } else {
      if (events.StopRequested()) return engine::Preempted();
      events.Progress(static_cast<int64_t>(k) - 1, interior, "points");
      EIDA_ASSIGN_OR_RETURN(point, study.Evaluate(study.Interpolate(a, b, alphas[k])));
    }
    const engine::Scores scores = engine::Score(point);
    if (!std::isfinite(scores.loss)) {
      return engine::NonfiniteError("the loss at alpha " + FormatDouble(alphas[k]) +
                                    " is not finite");
    }
    curve.loss.push_back(scores.loss);
    if (scores.classified) {
      curve.accuracy.push_back(scores.accuracy);
      errors.push_back(1 - scores.accuracy);
    }
    rows.push_back(point.loss.to(torch::kFloat).cpu());
  }
  events.Progress(interior, interior, "points");
  curve.gap = MeasureGap(curve.alphas, curve.loss, errors);
  path.losses = torch::stack(rows);
  return path;
}

Result<engine::JobResult> RunPath(const engine::Job& job, engine::Events& events) {
  const Stopwatch watch;
  EIDA_ASSIGN_OR_RETURN(const std::string split, SpecField<std::string>(job, "split"));
  EIDA_ASSIGN_OR_RETURN(const std::vector<double> alphas,
                        AlphaGrid(job.spec.value("alphas", Json())));
  const std::string space = GetOr<std::string>(job.spec, "space", "merged");
  if (space != "merged") {
    return engine::ConfigError("job " + job.name + ": space \"" + space +
                               "\"; a path runs through the merged weights, which is \"merged\"");
  }
  EIDA_ASSIGN_OR_RETURN(const auto study, engine::Study::For(job, split, true));
  engine::Weights members[2];
  engine::EvalResult ends[2];
  for (const int side : {0, 1}) {
    const std::string letter = side == 0 ? "a" : "b";
    EIDA_ASSIGN_OR_RETURN(const std::string weights, engine::Input(job, letter));
    EIDA_ASSIGN_OR_RETURN(members[side], study->LoadMember(weights));
    EIDA_ASSIGN_OR_RETURN(const std::string eval, engine::Input(job, "end_" + letter));
    EIDA_ASSIGN_OR_RETURN(const engine::EvalResult end, engine::ReadEval(eval));
    EIDA_ASSIGN_OR_RETURN(ends[side],
                          SelectItems(end, study->items(), "job " + job.name + ": end_" + letter));
  }
  auto measured = MeasurePath(*study, members[0], members[1], ends[0], ends[1], alphas, events);
  if (!measured.ok()) return Annotate(measured.status(), "job " + job.name);
  Curve& curve = measured->curve;
  curve.split = split;
  curve.a = job.spec.value("a", Json());
  curve.b = job.spec.value("b", Json());

  engine::JobResult result;
  EIDA_RETURN_IF_ERROR(AddJson(job, "curve", "curve", "curve.json", CurveJson(curve), result));
  const Json listed = alphas;
  const std::map<std::string, std::string> metadata = {
      {"format", "pt"}, {"eida.alphas", Canonical(listed)}, {"eida.item_hash", curve.item_hash}};
  EIDA_RETURN_IF_ERROR(engine::WriteSafetensors({{"loss", measured->losses}}, metadata,
                                                job.out + "/losses.safetensors"));
  AddFile(job, "losses", "losses", "losses.safetensors", Json::object(), result);
  result.summary = {{"convexity_gap", curve.gap.convexity_gap},
                    {"barrier", curve.gap.barrier},
                    {"error_barrier", NumberOrNull(curve.gap.error_barrier)},
                    {"relative_gap", curve.gap.relative_gap},
                    {"n", curve.n},
                    {"alphas", alphas.size()},
                    {"seconds", watch.Seconds()}};
  return result;
}

}  // namespace eida::analysis
