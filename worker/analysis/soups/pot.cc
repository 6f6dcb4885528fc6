#include "worker/analysis/soups/pot.h"

#include <torch/torch.h>

#include <cmath>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "worker/analysis/output.h"
#include "worker/analysis/path.h"

namespace eida::analysis {
namespace {

// A member's results, which must be of the study's items; of halves of a split, of the whole.
Result<engine::EvalResult> ReadResults(const Pot& pot, size_t member, const std::string& role,
                                       const engine::Study& study) {
  const std::string input = role + "/" + std::to_string(member);
  EIDA_ASSIGN_OR_RETURN(const std::string path, engine::Input(*pot.job, input));
  EIDA_ASSIGN_OR_RETURN(engine::EvalResult result, engine::ReadEval(path));
  if (pot.job->spec.contains("split_half"))
    return SelectItems(result, study.items(),
                       "job " + pot.job->name + ": " + pot.Label(member) + " (" + input + ")");
  if (!torch::equal(result.item, torch::tensor(study.items(), torch::kLong))) {
    return engine::DataError("job " + pot.job->name + ": " + pot.Label(member) + " (" + input +
                             ") has results of " + std::to_string(result.item.numel()) +
                             " items that are not the " + std::to_string(study.items().size()) +
                             " of the split; members of a soup are compared on the same items");
  }
  return result;
}

std::vector<std::string> Ids(const SoupScore& score) {
  std::vector<std::string> ids;
  for (const auto& [id, value] : score.metrics) ids.push_back(id);
  return ids;
}

Status CheckMetric(const Pot& pot, const std::string& key, const std::string& metric) {
  if (catalog::Find(catalog::Metrics(), metric) == nullptr)
    return engine::ConfigError(
        "job " + pot.job->name + ": options: " + key + " is \"" + metric +
        "\", this version has: " + Join(catalog::Ids(catalog::Metrics()), ", "));
  for (size_t i = 0; i < pot.size(); ++i) {
    if (pot.singles[i].metrics.count(metric) == 0)
      return engine::ConfigError("job " + pot.job->name + ": options: " + key + " is \"" + metric +
                                 "\", but the results of " + pot.Label(i) +
                                 " have only: " + Join(Ids(pot.singles[i]), ", "));
  }
  return OkStatus();
}

}  // namespace

SoupScore ScoreOf(const engine::EvalResult& result) {
  SoupScore score;
  const Json all = engine::ToJson(engine::Score(result));
  for (const auto& [id, value] : all.items()) {
    if (id != "n" && value.is_number()) score.metrics[id] = value.get<double>();
  }
  return score;
}

std::string Pot::Label(size_t i) const {
  const Json& entry = members[i];
  return entry.is_object() ? entry.value("label", std::to_string(i)) : std::to_string(i);
}

Result<Pot> ReadPot(const engine::Job& job, engine::Study& select, const engine::Study& report,
                    engine::Events& events) {
  Pot pot;
  pot.job = &job;
  pot.events = &events;
  pot.study = &select;
  pot.options = job.spec.value("options", Json::object());
  pot.metric = GetOr<std::string>(pot.options, "metric", "loss");
  pot.order_by = GetOr<std::string>(pot.options, "order_by", pot.metric);
  pot.members = job.spec.value("members", Json());
  if (!pot.members.is_array() || pot.members.empty())
    return engine::ConfigError("job " + job.name +
                               ": spec: \"members\" must be a list with at least one member");
  for (size_t i = 0; i < pot.members.size(); ++i) {
    EIDA_ASSIGN_OR_RETURN(const std::string weights,
                          engine::Input(job, "member/" + std::to_string(i)));
    pot.weights.push_back(weights);
    EIDA_ASSIGN_OR_RETURN(engine::EvalResult selected, ReadResults(pot, i, "select", select));
    EIDA_ASSIGN_OR_RETURN(engine::EvalResult reported, ReadResults(pot, i, "report", report));
    pot.singles.push_back(ScoreOf(selected));
    if (!std::isfinite(pot.singles.back().metrics.at("loss")))
      return engine::NonfiniteError("job " + job.name + ": " + pot.Label(i) +
                                    " has a loss that is not finite");
    pot.selected.push_back(std::move(selected));
    pot.reported.push_back(std::move(reported));
  }
  EIDA_RETURN_IF_ERROR(CheckMetric(pot, "metric", pot.metric));
  EIDA_RETURN_IF_ERROR(CheckMetric(pot, "order_by", pot.order_by));
  EIDA_ASSIGN_OR_RETURN(pot.paths, PathScores::Read(job, select));
  EIDA_ASSIGN_OR_RETURN(pot.journal, SoupJournal::Open(job));
  return pot;
}

}  // namespace eida::analysis
