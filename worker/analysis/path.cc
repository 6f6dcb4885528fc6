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

Result<PathLosses> MeasurePath(engine::Study& study, const engine::Line& line,
                               const engine::EvalResult& end_a, const engine::EvalResult& end_b,
                               const std::vector<double>& alphas, engine::Events& events,
                               double level) {
  PathLosses path;
  Curve& curve = path.curve;
  curve.alphas = alphas;
  curve.n = static_cast<int64_t>(study.items().size());
  curve.item_hash = study.item_hash();
  const int64_t interior = static_cast<int64_t>(alphas.size()) - 2;
  std::vector<at::Tensor> rows, wrong;
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
      EIDA_ASSIGN_OR_RETURN(const engine::Weights weights, line(alphas[k]));
      EIDA_ASSIGN_OR_RETURN(point, study.Evaluate(weights));
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
      wrong.push_back(point.logits.argmax(1).ne(point.label).to(torch::kFloat).cpu());
    }
    rows.push_back(point.loss.to(torch::kFloat).cpu());
  }
  events.Progress(interior, interior, "points");
  curve.gap = MeasureGap(curve.alphas, curve.loss, errors);
  path.losses = torch::stack(rows);
  curve.intervals = Bootstrap({path.losses, wrong.empty() ? at::Tensor() : torch::stack(wrong),
                               end_a.count.defined() ? end_a.count.cpu() : at::Tensor()},
                              alphas, level);
  return path;
}

namespace {

// Through the merged weights. The study outlives the line.
Result<engine::Line> MergedLine(engine::Study& study, const std::string& path_a,
                                const std::string& path_b) {
  EIDA_ASSIGN_OR_RETURN(engine::Weights a, study.LoadMember(path_a));
  EIDA_ASSIGN_OR_RETURN(engine::Weights b, study.LoadMember(path_b));
  return engine::Line([&study, a = std::move(a), b = std::move(b)](double alpha) {
    return Result<engine::Weights>(study.Interpolate(a, b, alpha));
  });
}

}  // namespace

Result<engine::JobResult> RunPath(const engine::Job& job, engine::Events& events) {
  const Stopwatch watch;
  EIDA_ASSIGN_OR_RETURN(const std::string split, SpecField<std::string>(job, "split"));
  EIDA_ASSIGN_OR_RETURN(const std::vector<double> alphas,
                        AlphaGrid(job.spec.value("alphas", Json())));
  const std::string space = GetOr<std::string>(job.spec, "space", "merged");
  if (space != "merged" && space != "adapter") {
    return engine::ConfigError("job " + job.name + ": space \"" + space +
                               "\"; a path runs through weights that are \"merged\", or through "
                               "the tensors of one \"adapter\"");
  }
  const double level = GetOr<double>(job.spec, "confidence", kLevel);
  if (!(level > 0 && level < 1)) {
    return engine::ConfigError("job " + job.name + ": confidence " + FormatDouble(level) +
                               "; it is a share between 0 and 1, such as 0.95");
  }
  EIDA_ASSIGN_OR_RETURN(const auto study, engine::Study::For(job, split, true));
  std::string weights[2];
  engine::EvalResult ends[2];
  for (const int side : {0, 1}) {
    const std::string letter = side == 0 ? "a" : "b";
    EIDA_ASSIGN_OR_RETURN(weights[side], engine::Input(job, letter));
    EIDA_ASSIGN_OR_RETURN(const std::string eval, engine::Input(job, "end_" + letter));
    EIDA_ASSIGN_OR_RETURN(const engine::EvalResult end, engine::ReadEval(eval));
    EIDA_ASSIGN_OR_RETURN(ends[side],
                          SelectItems(end, study->items(), "job " + job.name + ": end_" + letter));
  }
  const auto line = space == "adapter" ? study->AdapterLine(weights[0], weights[1])
                                       : MergedLine(*study, weights[0], weights[1]);
  if (!line.ok()) return Annotate(line.status(), "job " + job.name);
  auto measured = MeasurePath(*study, *line, ends[0], ends[1], alphas, events, level);
  if (!measured.ok()) return Annotate(measured.status(), "job " + job.name);
  Curve& curve = measured->curve;
  curve.split = split;
  curve.space = space;
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
