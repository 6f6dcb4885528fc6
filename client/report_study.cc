#include "client/report_study.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "client/observation_plot.h"
#include "client/report_rows.h"
#include "client/results.h"
#include "client/scope.h"
#include "client/sweep_file.h"
#include "common/base/digest.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace eida::client {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kExamplesEach = 3;  // of each variant

Json JsonOf(const std::string& text) {
  const Result<Json> parsed = ParseJson(text.empty() ? "{}" : text, "");
  return parsed.ok() && parsed->is_object() ? *parsed : Json::object();
}

Result<Json> ArtifactOf(Api& api, const v1::Job& job, const std::string& name) {
  EIDA_ASSIGN_OR_RETURN(const v1::Artifact artifact, FindArtifact(job, name));
  EIDA_ASSIGN_OR_RETURN(const std::string text, api.Get(Digest(artifact.digest())));
  return ParseJson(text, job.name() + "/" + name);
}

// Of a summary: the metrics of the catalog, of items and of texts.
void AddScores(const Json& summary, report::Scores& scores) {
  const auto add = [&](const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
      const auto found = summary.find(id);
      if (found != summary.end() && found->is_number()) scores[id] = found->get<double>();
    }
  };
  add(catalog::Ids(catalog::Metrics()));
  add(catalog::Ids(catalog::GenerationMetrics()));
}

void AddScoresOf(const SweepData& data, const std::string& split, report::Model& model) {
  for (const char* kind : {"evaluate/", "generate/"}) {
    const v1::Job* job = data.FindJob(kind + model.run + "/" + split);
    if (job == nullptr || job->state() != v1::JOB_STATE_SUCCEEDED) continue;
    const Json summary = JsonOf(job->summary());
    AddScores(summary, model.scores[split]);
    const bool evaluated = std::string(kind) == "evaluate/";
    (evaluated ? model.items : model.texts)[split] = GetOr<int64_t>(summary, "n", 0);
  }
}

report::Model ModelOf(const SweepData& data, const v1::Run& run, const Evaluation& evaluation) {
  report::Model model;
  model.run = run.name();
  model.variant = run.variant();
  model.seed = run.seed();
  const Json adapter = JsonOf(run.settings()).value("adapter", Json::object());
  model.adapter = GetOr<std::string>(adapter, "type", "none");
  model.rank = GetOr<int64_t>(adapter, "r", 0);
  model.trainable = run.trainable_parameters();
  model.base = run.base_parameters();
  model.state = StateText(StateOf(data, run));
  if (const v1::Job* train = data.JobOf(run.train_job())) {
    const Json summary = JsonOf(train->summary());
    model.seconds = GetOr<double>(summary, "seconds", 0);
    if (summary.contains("train_items"))
      model.items["train"] = GetOr<int64_t>(summary, "train_items", 0);
    model.problem = train->error_message();
  }
  for (const std::string& split : {evaluation.split, evaluation.report})
    AddScoresOf(data, split, model);
  // A sweep that chooses by the smoothed loss means that one by its loss.
  for (auto& [split, scores] : model.scores) {
    const auto smoothed = scores.find("loss_smoothed");
    if (evaluation.metric == "loss_smoothed" && smoothed != scores.end())
      scores["loss"] = smoothed->second;
  }
  return model;
}

std::vector<std::vector<double>> Values(const Json& rows) {
  std::vector<std::vector<double>> values;
  for (const Json& row : rows) {
    values.emplace_back();
    for (const Json& value : row)
      values.back().push_back(value.is_number() ? value.get<double>() : kUnknown);
  }
  return values;
}

Result<report::Pairs> PairsOf(Api& api, const SweepData& data, const std::string& analysis,
                              const std::vector<report::Model>& models) {
  EIDA_ASSIGN_OR_RETURN(const Matrix matrix, LoadMatrix(api, data, analysis, "", ""));
  report::Pairs pairs;
  pairs.analysis = matrix.analysis;
  pairs.metric = matrix.metric;
  pairs.values = matrix.values;
  for (const std::string& label : matrix.labels) {
    const auto found = std::find_if(models.begin(), models.end(),
                                    [&](const report::Model& m) { return m.run == label; });
    if (found == models.end())
      return DataLoss("the matrix of " + analysis +
                      " names a run that the sweep has not: " + label);
    pairs.members.push_back(static_cast<size_t>(found - models.begin()));
  }
  if (pairs.values.size() != pairs.members.size())
    return DataLoss("the matrix of " + analysis + " has " + std::to_string(pairs.values.size()) +
                    " rows for " + std::to_string(pairs.members.size()) + " runs");
  const Json extra = matrix.content.value("extra", Json::object());
  pairs.biased = Values(extra.value("biased", Json::array()));
  pairs.relative = Values(extra.value("relative_gap", Json::array()));
  const Json detail = matrix.content.value("detail", Json::object());
  pairs.split = GetOr<std::string>(detail, "split", "");
  pairs.estimator = GetOr<std::string>(detail, "estimator", "");
  pairs.layer = GetOr<std::string>(detail, "layer", "");
  pairs.space = GetOr<std::string>(detail, "space", "");
  pairs.items = GetOr<int64_t>(detail, "n", 0);
  pairs.points = GetOr<int64_t>(detail, "alphas", 0);
  return pairs;
}

report::Soup SoupOf(const Soup& soup) {
  report::Soup out;
  out.name = soup.name;
  out.type = GetOr<std::string>(soup.content, "type", "");
  out.select_split = GetOr<std::string>(soup.content, "select_split", "");
  out.report_split = GetOr<std::string>(soup.content, "report_split", "");
  for (const Json& row : soup.content.value("table", Json::array())) {
    report::SoupModel model;
    model.model = GetOr<std::string>(row, "model", "?");
    AddScores(row.value("select", Json::object()), model.select);
    AddScores(row.value("report", Json::object()), model.report);
    out.models.push_back(std::move(model));
  }
  const Json trace = soup.content.value("trace", Json::array());
  std::set<std::string> accepted;
  for (const Json& step : trace) {
    if (GetOr<bool>(step, "accepted", false))
      accepted.insert(GetOr<std::string>(step, "member", ""));
  }
  if (trace.empty()) return out;
  out.candidates = static_cast<int64_t>(soup.content.value("order", Json::array()).size());
  out.accepted = static_cast<int64_t>(accepted.size());
  out.search = SoupPlot(soup);
  return out;
}

// The first number in a module's path; -1 without one.
// Outer index dims, inner repeats.
std::vector<std::vector<double>> ByDim(const Json& cosine) {
  std::vector<std::vector<double>> by_dim;
  for (const std::vector<double>& repeat : Values(cosine)) {
    by_dim.resize(std::max(by_dim.size(), repeat.size()));
    for (size_t d = 0; d < repeat.size(); ++d) by_dim[d].push_back(repeat[d]);
  }
  return by_dim;
}

Result<report::Observation> ObservationOf(Api& api, const v1::Job& job) {
  EIDA_ASSIGN_OR_RETURN(const Json content, ArtifactOf(api, job, "observation"));
  report::Observation out;
  out.name = job.name().substr(job.name().find('/') + 1);
  out.split = GetOr<std::string>(content, "split", "");
  out.sequences = GetOr<std::vector<int64_t>>(content, "sequences", {});
  out.dims = GetOr<std::vector<int64_t>>(content, "dims", {});
  out.repeats = GetOr<int64_t>(content, "repeats", 0);
  out.held_out = GetOr<int64_t>(content, "held_out", 0);
  for (const Json& site : content.value("sites", Json::array())) {
    report::ObservedSite one;
    one.name = GetOr<std::string>(site, "name", "?");
    one.role = GetOr<std::string>(site, "role", "?");
    one.side = GetOr<std::string>(site, "side", "?");
    one.layer = LayerOf(one.name);
    for (const Json& size : site.value("sizes", Json::array()))
      one.cosine.push_back(ByDim(size.value("cosine", Json::array())));
    out.sites.push_back(std::move(one));
  }
  return out;
}

// Of the first finished run of each variant.
Status AddExamples(Api& api, const SweepData& data, report::Study& study) {
  std::set<std::string> seen;
  for (const v1::Job& job : data.jobs) {
    const v1::Run* run = data.RunOf(job);
    if (job.kind() != v1::JOB_KIND_GENERATE || job.state() != v1::JOB_STATE_SUCCEEDED ||
        run == nullptr || !seen.insert(run->variant()).second)
      continue;
    EIDA_ASSIGN_OR_RETURN(const v1::Artifact artifact, FindArtifact(job, "texts"));
    EIDA_ASSIGN_OR_RETURN(const std::string file, api.Get(Digest(artifact.digest())));
    size_t count = 0;
    for (const std::string& line : Split(file, '\n')) {
      if (line.empty() || count++ == kExamplesEach) break;
      EIDA_ASSIGN_OR_RETURN(const Json text, ParseJson(line, job.name()));
      const auto references = GetOr<std::vector<std::string>>(text, "references", {});
      study.examples.push_back({run->name(), GetOr<std::string>(text, "source", ""),
                                GetOr<std::string>(text, "text", ""),
                                references.empty() ? "" : references.front()});
    }
  }
  return OkStatus();
}

std::string ValueText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::vector<std::string> parts;
  for (const Json& part : value) parts.push_back(ValueText(part));
  return Join(parts, " ");
}

// train.optimizer.name -> adamw; what is not set has no key.
void AddSettings(const Json& map, const std::string& prefix,
                 std::map<std::string, std::string>& settings) {
  for (const auto& [key, value] : map.items()) {
    if (value.is_null() || (value.is_array() && value.empty())) continue;
    if (value.is_object()) {
      AddSettings(value, prefix + key + ".", settings);
    } else {
      settings[prefix + key] = ValueText(value);
    }
  }
}

void AddResolved(const SweepData& data, report::Study& study) {
  const Json resolved = JsonOf(data.sweep.resolved());
  const Json content = resolved.value("data", Json::object());
  study.task = GetOr<std::string>(content, "task", "classification");
  study.model_path = GetOr<std::string>(resolved.value("model", Json::object()), "path", "");
  for (const Json& split : content.value("splits", Json::array())) {
    if (study.data_name.empty()) study.data_name = GetOr<std::string>(split, "file", "");
  }
  std::set<std::string> seen;
  for (const v1::Run& run : data.runs) {
    if (!seen.insert(run.variant()).second) continue;
    study.settings.push_back({run.variant(), {}});
    AddSettings(JsonOf(run.settings()), "", study.settings.back().second);
  }
}

// What the sweep's files held when it was planned.
void AddInputs(const SweepData& data, report::Study& study) {
  const Json inputs = JsonOf(data.sweep.resolved()).value("inputs", Json::object());
  const Json model = inputs.value("model", Json::object());
  study.architecture = GetOr<std::string>(model, "architecture", "");
  auto& digests = study.provenance.digests;
  digests.push_back({"model " + study.model_path, GetOr<std::string>(model, "digest", "")});
  const Json content = inputs.value("data", Json::object());
  for (const Json& split : content.value("splits", Json::array())) {
    const std::string digest = GetOr<std::string>(split, "digest", "");
    if (!digest.empty())
      digests.push_back({"data, split " + GetOr<std::string>(split, "name", "?"), digest});
  }
}

void AddProvenance(Api& api, const SweepData& data, WallTime now, report::Study& study) {
  report::Provenance& p = study.provenance;
  p.sweep_file = data.sweep.source();
  p.options =
      OptionsOf(GetOr<std::vector<std::string>>(JsonOf(data.sweep.resolved()), "overrides", {}));
  p.client_version = EIDA_VERSION;
  if (const auto status = api.Status({}); status.ok()) p.server_version = status->version();
  p.created_ms = data.sweep.created_ms();
  p.finished_ms = data.sweep.finished_ms();
  p.read_ms = now.ms;
  AddInputs(data, study);
  std::set<std::string> workers;
  for (const v1::Job& job : data.jobs) {
    if (job.state() != v1::JOB_STATE_SUCCEEDED) continue;
    const std::string kind = KindText(job.kind());
    auto found = std::find_if(p.compute.begin(), p.compute.end(),
                              [&](const report::Compute& c) { return c.kind == kind; });
    if (found == p.compute.end()) found = p.compute.insert(p.compute.end(), {kind});
    ++found->jobs;
    if (job.kind() == v1::JOB_KIND_GENERATE) {
      const Json scores = JsonOf(job.summary()).value("scores", Json::object());
      for (const auto& [metric, how] : scores.items())
        p.signatures[metric] = GetOr<std::string>(how, "signature", "");
    }
    if (job.reused_from() > 0) {
      ++found->reused;
    } else if (job.started_ms() > 0) {
      found->seconds += static_cast<double>(job.finished_ms() - job.started_ms()) / 1000;
      if (!job.worker().empty()) workers.insert(job.worker());
    }
    for (const v1::Artifact& artifact : job.artifacts()) {
      const bool of_training = job.kind() == v1::JOB_KIND_TRAIN && artifact.name() == "weights";
      if (of_training || job.kind() == v1::JOB_KIND_MATRIX || job.kind() == v1::JOB_KIND_SOUP ||
          job.kind() == v1::JOB_KIND_OBSERVE)
        p.artifacts.push_back({job.name() + " " + artifact.name(), artifact.digest()});
    }
  }
  p.workers.assign(workers.begin(), workers.end());
}

void AddProblems(const SweepData& data, report::Study& study) {
  for (const v1::Job& job : data.jobs) {
    ++study.jobs;
    if (job.state() == v1::JOB_STATE_SUCCEEDED) ++study.jobs_done;
    if (job.state() == v1::JOB_STATE_SUCCEEDED || !Ended(job.state())) continue;
    std::string why = job.error_message();
    const v1::Job* cause = job.cause() > 0 ? data.JobOf(job.cause()) : nullptr;
    if (why.empty() && cause != nullptr) why = "because of " + cause->name();
    study.problems.push_back({job.name(), StateText(job.state()), why});
  }
  // What failed itself stands before what was skipped because of it.
  std::stable_sort(study.problems.begin(), study.problems.end(), [](const auto& a, const auto& b) {
    return (a.state == "failed") > (b.state == "failed");
  });
}

}  // namespace

Result<report::Study> GatherStudy(Api& api, const SweepData& data, WallTime now) {
  report::Study study;
  study.id = data.Id();
  study.name = data.sweep.name();
  study.description = data.sweep.description();
  study.state = StateText(data.sweep.state());
  const Evaluation evaluation = EvaluationOf(data);
  study.metric = evaluation.metric;
  study.select_split = evaluation.split;
  study.report_split = evaluation.report;
  for (const v1::Run& run : data.runs) study.models.push_back(ModelOf(data, run, evaluation));
  const bool trained = std::any_of(study.models.begin(), study.models.end(),
                                   [](const report::Model& m) { return m.trained(); });
  const bool observed = std::any_of(data.jobs.begin(), data.jobs.end(), [](const v1::Job& job) {
    return job.kind() == v1::JOB_KIND_OBSERVE && job.state() == v1::JOB_STATE_SUCCEEDED;
  });
  if (!trained && !observed)
    return FailedPrecondition(
        "sweep " + data.Id() + " (" + data.sweep.name() + ", " + study.state +
        ") has no finished run or observation yet, so there is nothing to report; follow it "
        "with `eidactl watch " +
        data.Id() + "`");
  AddResolved(data, study);
  AddProvenance(api, data, now, study);
  AddProblems(data, study);
  for (const v1::Job& job : data.jobs) {
    if (job.state() != v1::JOB_STATE_SUCCEEDED) continue;
    if (job.kind() == v1::JOB_KIND_MATRIX) {
      EIDA_ASSIGN_OR_RETURN(report::Pairs pairs,
                            PairsOf(api, data, job.name().substr(7), study.models));
      study.pairs.push_back(std::move(pairs));
    } else if (job.kind() == v1::JOB_KIND_OBSERVE) {
      EIDA_ASSIGN_OR_RETURN(report::Observation observation, ObservationOf(api, job));
      study.observations.push_back(std::move(observation));
    }
  }
  EIDA_ASSIGN_OR_RETURN(const std::vector<Soup> soups, LoadSoups(api, data));
  for (const Soup& soup : soups) study.soups.push_back(SoupOf(soup));
  EIDA_RETURN_IF_ERROR(AddExamples(api, data, study));
  AddRows(api, JsonOf(data.sweep.resolved()), study);
  return study;
}

}  // namespace eida::client
