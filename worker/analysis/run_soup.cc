#include "worker/analysis/run_soup.h"

#include <algorithm>

#include "common/catalog/catalog.h"
#include "worker/analysis/analysis.h"
#include "worker/analysis/output.h"
#include "worker/analysis/soups/soups.h"
#include "worker/engine/tasks/task.h"

namespace eida::analysis {
namespace {

using engine::Scores;

Json TableRow(const std::string& model, const Scores& select, const Scores& report) {
  return {{"model", model}, {"select", engine::ToJson(select)}, {"report", engine::ToJson(report)}};
}

// What a list says of a member or a trial: loss, accuracy, and the metrics that were looked at.
Json ScoreJson(const Pot& pot, Json entry, const SoupScore& score) {
  for (const std::string& id : {std::string("loss"), std::string("accuracy"), pot.metric}) {
    if (const auto found = score.metrics.find(id); found != score.metrics.end())
      entry[id] = found->second;
  }
  return entry;
}

Json TraceJson(const Pot& pot, const Dish& dish) {
  Json trace = Json::array();
  for (const SoupTrial& trial : dish.trace) {
    trace.push_back(ScoreJson(
        pot,
        {{"member", pot.Label(trial.member)}, {"alpha", trial.alpha}, {"accepted", trial.accepted}},
        trial.score));
  }
  return trace;
}

Json OrderJson(const Pot& pot) {
  Json order = Json::array();
  for (const int i : OrderBy(pot.singles, pot.order_by))
    order.push_back(ScoreJson(pot, {{"member", pot.Label(i)}}, pot.singles[i]));
  return order;
}

Json CoefficientsJson(const Pot& pot, const Dish& dish) {
  Json coefficients = Json::object();
  for (size_t i = 0; i < pot.size(); ++i) {
    if (dish.coefficients[i] != 0) coefficients[pot.Label(i)] = dish.coefficients[i];
  }
  return coefficients;
}

// Makes the rows of the table, and counts the models that ran for them.
class Table {
 public:
  Table(const Pot& pot, engine::Study& report) : pot_(pot), report_(report) {}

  Status Add(const std::string& heading, const Dish& dish) {
    ++models;
    if (dish.alone) {
      rows.push_back(TableRow(heading, engine::Score(pot_.selected[*dish.alone]),
                              engine::Score(pot_.reported[*dish.alone])));
      return OkStatus();
    }
    Json select;
    if (dish.score && dish.score->whole) {
      select = dish.score->metrics;
      select["n"] = pot_.selected[0].loss.numel();
    } else {
      EIDA_ASSIGN_OR_RETURN(const Scores scores, Evaluated(*pot_.study, dish.weights));
      select = engine::ToJson(scores);
    }
    EIDA_ASSIGN_OR_RETURN(const Scores report, Evaluated(report_, dish.weights));
    rows.push_back(
        {{"model", heading}, {"select", std::move(select)}, {"report", engine::ToJson(report)}});
    return OkStatus();
  }

  // What needs no model of its own.
  Status AddBaselines() {
    if (pot_.singles[0].metrics.count("accuracy") > 0) {  // of a language model no logits are kept
      EIDA_ASSIGN_OR_RETURN(const auto select, EnsembleLogits(pot_.selected));
      EIDA_ASSIGN_OR_RETURN(const auto report, EnsembleLogits(pot_.reported));
      rows.push_back(TableRow("logit ensemble", engine::Score(select), engine::Score(report)));
    }
    const int best = OrderBy(pot_.singles, pot_.metric).front();
    rows.push_back(TableRow("best single", engine::Score(pot_.selected[best]),
                            engine::Score(pot_.reported[best])));
    rows.back()["member"] = pot_.Label(best);
    return OkStatus();
  }

  Json rows = Json::array();
  int64_t evaluations = 0, models = 0;  // passes that ran; rows that are a model of their own

 private:
  Result<Scores> Evaluated(engine::Study& study, const engine::Weights& weights) {
    if (pot_.events->StopRequested()) return engine::Preempted();
    EIDA_ASSIGN_OR_RETURN(const engine::EvalResult result, study.Evaluate(weights));
    ++evaluations;
    return engine::Score(result);
  }

  const Pot& pot_;
  engine::Study& report_;
};

// Passes over a split: those that ran for this soup (in all attempts), those whose result a path
// had, and those that a program would run that keeps nothing: every member on both splits, every
// candidate, the rows of the table.
Json Evaluations(const Pot& pot, const Table& table) {
  const auto& entries = pot.journal.entries();
  const int64_t tried = std::count_if(entries.begin(), entries.end(),
                                      [](const SoupJournal::Entry& e) { return e.evaluated; });
  const auto candidates = static_cast<int64_t>(entries.size()),
             members = static_cast<int64_t>(pot.size());
  return {{"done", tried + table.evaluations},
          {"from_paths", candidates - tried},
          {"naive", 2 * (members + table.models) + candidates}};
}

// For people: of halves, which.
std::string SplitName(const engine::Job& job, const std::string& role) {
  const auto split = GetOr<std::string>(job.spec, role.c_str(), "");
  if (!job.spec.contains("split_half")) return split;
  return split + (role == "select" ? " half 1" : " half 2");
}

Status Stopped(Pot& pot, const Status& status) {
  if (engine::ErrorClassOf(status) == "preempted")
    EIDA_RETURN_IF_ERROR(pot.journal.Save(*pot.job, *pot.events));
  return status;
}

}  // namespace

Result<engine::JobResult> MakeSoup(const engine::Job& job, engine::Study& select,
                                   engine::Study& report, engine::Events& events) {
  const Stopwatch watch;
  EIDA_ASSIGN_OR_RETURN(const std::string type, SpecField<std::string>(job, "type"));
  const auto recipe = FindSoup(type);
  if (!recipe.ok()) return Annotate(recipe.status(), "job " + job.name + ": spec");
  EIDA_ASSIGN_OR_RETURN(Pot pot, ReadPot(job, select, report, events));
  const auto made = (*recipe)(pot);
  if (!made.ok()) return Stopped(pot, Annotate(made.status(), "job " + job.name));
  const Dish& dish = *made;

  Table table(pot, report);
  Status added = table.Add(catalog::Find(catalog::SoupMethods(), type)->heading, dish);
  if (added.ok() && type != "uniform") {
    Dish uniform;
    EIDA_ASSIGN_OR_RETURN(uniform.weights, CombineMembers(select, pot.weights, pot.Uniform()));
    added = table.Add("uniform soup", uniform);
  }
  if (added.ok()) added = table.AddBaselines();
  if (!added.ok()) return Stopped(pot, Annotate(added, "job " + job.name));

  const Json coefficients = CoefficientsJson(pot, dish);
  const Json soup = {{"format", "eida/soup/v1"},
                     {"type", type},
                     {"metric", pot.metric},
                     {"select_split", SplitName(job, "select")},
                     {"report_split", SplitName(job, "report")},
                     {"order", OrderJson(pot)},
                     {"trace", TraceJson(pot, dish)},
                     {"coefficients", coefficients},
                     {"table", table.rows}};
  engine::JobResult result;
  EIDA_RETURN_IF_ERROR(AddJson(job, "soup", "soup", "soup.json", soup, result));
  const std::map<std::string, std::string> metadata = {
      {"format", "pt"}, {"eida.coefficients", Canonical(coefficients)}};
  EIDA_RETURN_IF_ERROR(
      engine::WriteSafetensors(dish.weights, metadata, job.out + "/model.safetensors"));
  AddFile(job, "weights", "model", "model.safetensors", Json::object(), result);
  result.summary = {{"type", type},
                    {"candidates", dish.trace.size()},
                    {"accepted", dish.accepted},
                    {"select", table.rows[0]["select"]},
                    {"report", table.rows[0]["report"]},
                    {"evaluations", Evaluations(pot, table)},
                    {"resumed_from_step", pot.journal.resumed()},
                    {"seconds", watch.Seconds()}};
  return result;
}

Result<engine::JobResult> RunSoup(const engine::Job& job, engine::Events& events) {
  EIDA_ASSIGN_OR_RETURN(const std::string select, SpecField<std::string>(job, "select"));
  EIDA_ASSIGN_OR_RETURN(const std::string report, SpecField<std::string>(job, "report"));
  engine::ItemChoice chosen{.split = select}, reported{.split = report};
  if (job.spec.contains("split_half")) {
    EIDA_ASSIGN_OR_RETURN(const auto seed, SpecField<int64_t>(job, "split_half"));
    if (select != report)
      return engine::ConfigError("job " + job.name +
                                 ": spec: \"split_half\" halves one split, but \"select\" is " +
                                 select + " and \"report\" is " + report);
    chosen.half = {seed, false};
    reported.half = {seed, true};
  }
  EIDA_ASSIGN_OR_RETURN(const auto on_select, engine::Study::For(job, chosen));
  EIDA_ASSIGN_OR_RETURN(const auto on_report, engine::Study::For(job, reported));
  return MakeSoup(job, *on_select, *on_report, events);
}

}  // namespace eida::analysis
