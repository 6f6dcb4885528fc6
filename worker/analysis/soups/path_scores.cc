#include "worker/analysis/soups/path_scores.h"

#include "common/base/text.h"

namespace eida::analysis {
namespace {

std::optional<int> Number(const std::string& text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return std::stoi(text);
}

}  // namespace

Result<PathScores> PathScores::Read(const engine::Job& job, const engine::Study& study) {
  PathScores scores;
  for (const auto& [role, path] : job.inputs) {
    const std::vector<std::string> parts = Split(role, '/');
    if (parts.size() != 3 || parts[0] != "path") continue;
    const std::optional<int> a = Number(parts[1]), b = Number(parts[2]);
    if (!a || !b)
      return engine::ConfigError("job " + job.name + ": input " + role +
                                 ": a path is path/<member>/<member>, by their numbers");
    auto curve = ReadCurve(path);
    if (!curve.ok()) return Annotate(curve.status(), "job " + job.name + ": input " + role);
    if (curve->item_hash != study.item_hash() ||
        curve->n != static_cast<int64_t>(study.items().size())) {
      return engine::DataError("job " + job.name + ": input " + role + " was measured on " +
                               std::to_string(curve->n) + " other items (" + curve->item_hash +
                               ") than the soup is chosen on (" + study.item_hash() + ")");
    }
    scores.curves_[{*a, *b}] = std::move(*curve);
  }
  return scores;
}

std::optional<SoupScore> PathScores::Find(int a, int b, double alpha) const {
  auto found = curves_.find({a, b});
  const bool turned = found == curves_.end();
  if (turned) found = curves_.find({b, a});
  if (found == curves_.end()) return std::nullopt;
  const Curve& curve = found->second;
  const double at = turned ? 1 - alpha : alpha;
  for (size_t k = 1; k + 1 < curve.alphas.size(); ++k) {
    // Weights are mixed in fp32: there the two must be one number, from both ends.
    const bool same = static_cast<float>(curve.alphas[k]) == static_cast<float>(at) &&
                      static_cast<float>(1 - curve.alphas[k]) == static_cast<float>(1 - at);
    if (!same) continue;
    SoupScore score;
    score.whole = false;
    score.metrics["loss"] = curve.loss[k];
    if (!curve.accuracy.empty()) score.metrics["accuracy"] = curve.accuracy[k];
    return score;
  }
  return std::nullopt;
}

}  // namespace eida::analysis
