#include <cmath>
#include <numeric>

#include "worker/analysis/analysis.h"
#include "worker/analysis/output.h"
#include "worker/analysis/soup.h"

namespace eida::analysis {
namespace {

// What the job was asked for, and its members' results on both splits.
struct Pot {
  std::string type, select, report;
  Json members;
  std::vector<double> alphas;
  double min_gain = 0;
  std::vector<std::string> weights;                    // files
  std::vector<engine::EvalResult> selected, reported;  // per member
  std::vector<engine::Scores> singles;                 // per member, on `select`
};

Result<Pot> ReadPot(const engine::Job& job) {
  Pot pot;
  const auto bad = [&](const std::string& reason) {
    return engine::ConfigError("job " + job.name + ": spec: " + reason);
  };
  EIDA_ASSIGN_OR_RETURN(pot.type, SpecField<std::string>(job, "type"));
  EIDA_ASSIGN_OR_RETURN(pot.select, SpecField<std::string>(job, "select"));
  EIDA_ASSIGN_OR_RETURN(pot.report, SpecField<std::string>(job, "report"));
  if (pot.type != "greedy" && pot.type != "uniform")
    return bad("type \"" + pot.type + "\"; a soup is greedy or uniform");
  pot.members = job.spec.value("members", Json());
  if (!pot.members.is_array() || pot.members.empty())
    return bad("\"members\" must be a list with at least one member");
  pot.alphas = GetOr<std::vector<double>>(job.spec, "alphas", {0.2, 0.4, 0.6, 0.8});
  for (const double alpha : pot.alphas) {
    if (!(alpha > 0 && alpha < 1)) return bad("alphas must lie between 0 and 1, without the ends");
  }
  pot.min_gain = GetOr<double>(job.spec, "min_gain", 0);
  if (!(pot.min_gain >= 0)) return bad("min_gain must not be negative");
  for (size_t i = 0; i < pot.members.size(); ++i) {
    const std::string number = std::to_string(i);
    EIDA_ASSIGN_OR_RETURN(const std::string weights, engine::Input(job, "member/" + number));
    EIDA_ASSIGN_OR_RETURN(const std::string select, engine::Input(job, "select/" + number));
    EIDA_ASSIGN_OR_RETURN(const std::string report, engine::Input(job, "report/" + number));
    pot.weights.push_back(weights);
    EIDA_ASSIGN_OR_RETURN(engine::EvalResult selected, engine::ReadEval(select));
    EIDA_ASSIGN_OR_RETURN(engine::EvalResult reported, engine::ReadEval(report));
    pot.singles.push_back(engine::Score(selected));
    if (!std::isfinite(pot.singles.back().loss)) {
      return engine::NonfiniteError("job " + job.name + ": member/" + number +
                                    " has a loss that is not finite");
    }
    pot.selected.push_back(std::move(selected));
    pot.reported.push_back(std::move(reported));
  }
  return pot;
}

Json TableRow(const std::string& model, const engine::Scores& select,
              const engine::Scores& report) {
  return {{"model", model}, {"select", engine::ToJson(select)}, {"report", engine::ToJson(report)}};
}

// How member i is named in the artifact.
std::string Label(const Pot& pot, int member) {
  const Json& entry = pot.members[member];
  return entry.is_object() ? entry.value("label", std::to_string(member)) : std::to_string(member);
}

// What a list says of a member or a trial.
Json ScoreJson(Json entry, double loss, double accuracy, bool classified) {
  entry["loss"] = loss;
  if (classified) entry["accuracy"] = accuracy;
  return entry;
}

Json TraceJson(const Pot& pot, const SoupSearch& search) {
  Json trace = Json::array();
  for (const SoupTrial& trial : search.trace) {
    trace.push_back(ScoreJson({{"member", Label(pot, trial.member)},
                               {"alpha", trial.alpha},
                               {"accepted", trial.accepted}},
                              trial.score.loss, trial.score.accuracy, trial.score.classified));
  }
  return trace;
}

Json OrderJson(const Pot& pot, const std::vector<int>& order) {
  Json json = Json::array();
  for (const int i : order) {
    const engine::Scores& single = pot.singles[i];
    json.push_back(
        ScoreJson({{"member", Label(pot, i)}}, single.loss, single.accuracy, single.classified));
  }
  return json;
}

Result<engine::Scores> Evaluated(engine::Study& study, const engine::Weights& weights) {
  EIDA_ASSIGN_OR_RETURN(const engine::EvalResult result, study.Evaluate(weights));
  return engine::Score(result);
}

// Rows of the table that need no model of their own.
Status AddBaselines(const engine::Job& job, const Pot& pot, int best, Json& table) {
  if (pot.singles[best].classified) {  // of a language model no logits are kept
    const auto select = EnsembleLogits(pot.selected), report = EnsembleLogits(pot.reported);
    if (!select.ok()) return Annotate(select.status(), "job " + job.name + ": split " + pot.select);
    if (!report.ok()) return Annotate(report.status(), "job " + job.name + ": split " + pot.report);
    table.push_back(TableRow("logit ensemble", engine::Score(*select), engine::Score(*report)));
  }
  table.push_back(TableRow("best single", pot.singles[best], engine::Score(pot.reported[best])));
  table.back()["member"] = Label(pot, best);
  return OkStatus();
}

}  // namespace

Result<engine::JobResult> RunSoup(const engine::Job& job, engine::Events& events) {
  const Stopwatch watch;
  EIDA_ASSIGN_OR_RETURN(const Pot pot, ReadPot(job));
  const size_t size = pot.members.size();
  const bool greedy = pot.type == "greedy";
  EIDA_ASSIGN_OR_RETURN(const auto select, engine::Study::For(job, pot.select, false));
  const std::vector<double> uniform_coefficients(size, 1.0 / static_cast<double>(size));
  EIDA_ASSIGN_OR_RETURN(const engine::Weights uniform,
                        CombineMembers(*select, pot.weights, uniform_coefficients));
  EIDA_ASSIGN_OR_RETURN(const engine::Scores uniform_select, Evaluated(*select, uniform));

  // The search runs for both types (its order names the best single model); a uniform soup only has
  // nothing to try.
  StudyKitchen kitchen(*select, pot.weights,
                       static_cast<int64_t>(greedy ? (size - 1) * pot.alphas.size() : 0), events);
  std::vector<SoupScore> singles;
  for (const engine::Scores& score : pot.singles)
    singles.push_back({score.loss, score.accuracy, score.f1, score.classified});
  auto searched =
      GreedySearch(singles, greedy ? pot.alphas : std::vector<double>(), pot.min_gain, kitchen);
  if (!searched.ok()) return Annotate(searched.status(), "job " + job.name);
  const SoupSearch& search = *searched;
  const int best = search.order.front();

  EIDA_ASSIGN_OR_RETURN(const auto report, engine::Study::For(job, pot.report, false));
  if (events.StopRequested()) return engine::Preempted();
  Json table = Json::array();
  if (greedy) {
    // A soup that took nothing in is its first member, whose results are known.
    const engine::Scores on_select{search.score.loss, search.score.accuracy, search.score.f1,
                                   pot.singles[best].n, search.score.classified};
    engine::Scores on_report = engine::Score(pot.reported[best]);
    if (search.accepted > 0) {
      EIDA_ASSIGN_OR_RETURN(on_report, Evaluated(*report, kitchen.soup()));
    }
    table.push_back(TableRow("greedy soup", on_select, on_report));
  }
  EIDA_ASSIGN_OR_RETURN(const engine::Scores uniform_report, Evaluated(*report, uniform));
  table.push_back(TableRow("uniform soup", uniform_select, uniform_report));
  EIDA_RETURN_IF_ERROR(AddBaselines(job, pot, best, table));

  Json coefficients = Json::object();
  for (size_t i = 0; i < size; ++i) {
    const double weight = greedy ? search.coefficients[i] : uniform_coefficients[i];
    if (weight != 0) coefficients[Label(pot, static_cast<int>(i))] = weight;
  }
  const Json soup = {{"format", "eida/soup/v1"},
                     {"type", pot.type},
                     {"select_split", pot.select},
                     {"report_split", pot.report},
                     {"order", OrderJson(pot, search.order)},
                     {"trace", TraceJson(pot, search)},
                     {"coefficients", coefficients},
                     {"table", table}};
  engine::JobResult result;
  EIDA_RETURN_IF_ERROR(AddJson(job, "soup", "soup", "soup.json", soup, result));
  const std::map<std::string, std::string> metadata = {
      {"format", "pt"}, {"eida.coefficients", Canonical(coefficients)}};
  EIDA_RETURN_IF_ERROR(engine::WriteSafetensors(greedy ? kitchen.soup() : uniform, metadata,
                                                job.out + "/model.safetensors"));
  AddFile(job, "weights", "model", "model.safetensors", Json::object(), result);
  result.summary = {{"type", pot.type},
                    {"candidates", search.trace.size()},
                    {"accepted", search.accepted},
                    {"select", table[0]["select"]},
                    {"report", table[0]["report"]},
                    {"seconds", watch.Seconds()}};
  return result;
}

}  // namespace eida::analysis
