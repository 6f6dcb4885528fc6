#include "client/lists.h"

#include "client/results.h"
#include "common/base/text.h"
#include "common/wire/json.h"

namespace eida::client {
namespace {

using render::Align;

std::string Steps(const v1::Job* job) {
  if (job == nullptr) return "-";
  if (job->progress().total() > 0)
    return std::to_string(job->progress().done()) + "/" + std::to_string(job->progress().total());
  const auto steps = GetOr<int64_t>(SummaryJson(job), "steps", 0);
  return steps > 0 ? std::to_string(steps) : "-";
}

std::string Note(const v1::Job& job) {
  if (job.reused_from() > 0) return "reused from j" + std::to_string(job.reused_from());
  if (job.state() == v1::JOB_STATE_SKIPPED) return "because of j" + std::to_string(job.cause());
  if (!job.waits().empty()) return job.waits();
  if (job.lacking() > 0) return "without " + std::to_string(job.lacking()) + " of its inputs";
  return Ellipsis(job.error_message(), 60);
}

std::string Named(const Scope& scope, const SweepData& data, const std::string& name) {
  return scope.many() ? data.Id() + "/" + name : name;
}

}  // namespace

std::string Took(int64_t from_ms, int64_t to_ms, int64_t now_ms) {
  return from_ms <= 0 ? "-" : Ago(from_ms, to_ms > 0 ? to_ms : now_ms);
}

Json SummaryJson(const v1::Job* job) {
  if (job == nullptr || job->state() != v1::JOB_STATE_SUCCEEDED) return Json::object();
  const Result<Json> summary = ParseJson(job->summary(), "summary");
  return summary.ok() && summary->is_object() ? *summary : Json::object();
}

Result<int> ListSweeps(Context& c, Api& api, const ListRequest& request) {
  EIDA_ASSIGN_OR_RETURN(const std::vector<v1::Sweep> found,
                        FindSweeps(api, request.selector.empty() ? "all" : request.selector));
  render::Table table{{{"id"},
                       {"name"},
                       {"state"},
                       {"jobs", Align::kRight},
                       {"done", Align::kRight},
                       {"failed", Align::kRight},
                       {"created"},
                       {"took", Align::kRight}},
                      {}};
  std::vector<Json> items;
  const int64_t now = c.clock->Read().wall.ms;
  for (const v1::Sweep& s : found) {
    if (!GlobMatch("*" + request.select + "*", s.name())) continue;
    int64_t all = 0, done = 0, bad = 0;
    for (const auto& [state, n] : s.jobs_by_state()) {
      all += n;
      if (state == "succeeded") done += n;
      if (state == "failed" || state == "skipped" || state == "cancelled") bad += n;
    }
    table.rows.push_back({"s" + std::to_string(s.id()), s.name(), StateText(s.state()),
                          std::to_string(all), std::to_string(done), std::to_string(bad),
                          FormatTime({s.created_ms()}),
                          Took(s.created_ms(), s.finished_ms(), now)});
    items.push_back(wire::ToJson(s));
  }
  c.printer().List("Sweep", table, items);
  return static_cast<int>(kOk);
}

Result<int> ListRuns(Context& c, Api& api, const ListRequest& request) {
  EIDA_ASSIGN_OR_RETURN(const Scope scope,
                        Scope::Find(api, request.selector, request.select, false));
  const Evaluation first = EvaluationOf(scope.sweeps().front());
  render::Table table{{{"run"},
                       {"variant"},
                       {"seed", Align::kRight},
                       {"state"},
                       {"step", Align::kRight},
                       {first.split + " " + first.metric, Align::kRight},
                       {"trainable", Align::kRight},
                       {"took", Align::kRight},
                       {"worker"}},
                      {}};
  std::vector<Json> items;
  const int64_t now = c.clock->Read().wall.ms;
  for (const SweepData& data : scope.sweeps()) {
    const Evaluation eval = EvaluationOf(data);
    for (const v1::Run& run : data.runs) {
      if (!scope.Has(data, run)) continue;
      const v1::Job* job = data.JobOf(run.train_job());
      const Json scores = SummaryJson(data.FindJob("evaluate/" + run.name() + "/" + eval.split));
      const Json score = scores.value(eval.metric, Json());
      table.rows.push_back({Named(scope, data, run.name()), run.variant(),
                            std::to_string(run.seed()), StateText(StateOf(data, run)), Steps(job),
                            score.is_number() ? FormatFixed(score.get<double>(), 4) : "-",
                            std::to_string(run.trainable_parameters()),
                            job == nullptr ? "-" : Took(job->started_ms(), job->finished_ms(), now),
                            job == nullptr || job->worker().empty() ? "-" : job->worker()});
      Json item = wire::ToJson(run);
      item["state"] = StateText(StateOf(data, run));
      item["metric"] = eval.metric;
      item["split"] = eval.split;
      item["value"] = score;
      items.push_back(std::move(item));
    }
  }
  c.printer().List("Run", table, items);
  return static_cast<int>(kOk);
}

Result<int> ListJobs(Context& c, Api& api, const ListRequest& request) {
  EIDA_ASSIGN_OR_RETURN(const Scope scope,
                        Scope::Find(api, request.selector, request.select, false));
  render::Table table{{{"id"},
                       {"name"},
                       {"state"},
                       {"attempt", Align::kRight},
                       {"took", Align::kRight},
                       {"worker"},
                       {"note"}},
                      {}};
  std::vector<Json> items;
  const int64_t now = c.clock->Read().wall.ms;
  for (const SweepData& data : scope.sweeps()) {
    for (const v1::Job& job : data.jobs) {
      if (!scope.Has(data, job)) continue;
      table.rows.push_back({"j" + std::to_string(job.id()), Named(scope, data, job.name()),
                            StateText(job.state()), std::to_string(job.attempt()),
                            Took(job.started_ms(), job.finished_ms(), now),
                            job.worker().empty() ? "-" : job.worker(), Note(job)});
      items.push_back(wire::ToJson(job));
    }
  }
  c.printer().List("Job", table, items);
  return static_cast<int>(kOk);
}

}  // namespace eida::client
