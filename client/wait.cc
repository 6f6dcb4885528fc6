#include "client/wait.h"

#include <algorithm>

#include "client/lists.h"
#include "client/output/eta.h"
#include "common/base/text.h"
#include "common/spec/reader.h"

namespace eida::client {
namespace {

const std::vector<std::string> kWords = {"done", "succeeded", "running", "metric:NAME>VALUE"};

bool Holds(const Condition& c, double value) {
  if (c.op == ">") return value > c.bound;
  if (c.op == ">=") return value >= c.bound;
  if (c.op == "<") return value < c.bound;
  return value <= c.bound;
}

// accuracy is select/accuracy and report/accuracy too.
bool Means(const std::string& metric, const std::string& series) {
  return series == metric || (series.size() > metric.size() && series.ends_with("/" + metric));
}

struct State {
  bool ended = true, succeeded = true, bad = false, active = false;
};

State StateOf(const v1::SweepProgress& progress) {
  State s;
  const v1::SweepState state = progress.sweep().state();
  s.ended = state != v1::SWEEP_STATE_RUNNING;
  s.succeeded = state == v1::SWEEP_STATE_SUCCEEDED;
  for (const v1::KindProgress& kind : progress.kinds()) {
    const KindCounts n = CountsOf(kind);
    s.bad = s.bad || n.bad > 0;
    s.active = s.active || n.running > 0;
  }
  return s;
}

State StateOf(const std::vector<v1::Job>& jobs) {
  State s;
  for (const v1::Job& job : jobs) {
    const bool succeeded = job.state() == v1::JOB_STATE_SUCCEEDED;
    s.ended = s.ended && Ended(job.state());
    s.succeeded = s.succeeded && succeeded;
    s.bad = s.bad || (Ended(job.state()) && !succeeded);
    s.active =
        s.active || job.state() == v1::JOB_STATE_RUNNING || job.state() == v1::JOB_STATE_LEASED;
  }
  return s;
}

Result<std::vector<v1::Job>> Reload(Api& api, const Target& target) {
  v1::ListJobsRequest request;
  request.set_sweep(target.sweep.id());
  for (const v1::Job& job : target.jobs) request.add_ids(job.id());
  EIDA_ASSIGN_OR_RETURN(const v1::ListJobsReply reply, api.ListJobs(request));
  return std::vector<v1::Job>(reply.jobs().begin(), reply.jobs().end());
}

// Training curves, and what evaluations of the same runs found; kWait while one of them is to come.
Result<Verdict> Measured(Api& api, const Target& target, const Condition& condition,
                         Verdict otherwise) {
  const auto wanted = [&](int64_t job) {
    return target.whole() ||
           std::ranges::any_of(target.jobs, [&](const v1::Job& j) { return j.id() == job; });
  };
  v1::ListMetricsRequest request;
  request.set_sweep(target.sweep.id());
  EIDA_ASSIGN_OR_RETURN(const v1::ListMetricsReply reply, api.ListMetrics(request));
  for (const v1::JobMetrics& metrics : reply.jobs()) {
    if (!wanted(metrics.job())) continue;
    for (const v1::MetricPoint& point : metrics.points()) {
      if (Means(condition.metric, point.series()) && Holds(condition, point.value()))
        return Verdict::kMet;
    }
  }
  v1::ListJobsRequest evaluations;
  evaluations.set_sweep(target.sweep.id());
  evaluations.add_kinds(v1::JOB_KIND_EVALUATE);
  EIDA_ASSIGN_OR_RETURN(const v1::ListJobsReply jobs, api.ListJobs(evaluations));
  for (const v1::Job& job : jobs.jobs()) {
    const bool same_run = std::ranges::any_of(
        target.jobs, [&](const v1::Job& j) { return j.run() != 0 && j.run() == job.run(); });
    if (!target.whole() && !same_run) continue;
    if (!Ended(job.state())) otherwise = Verdict::kWait;
    const Json summary = SummaryJson(&job);
    for (const auto& [key, value] : summary.items()) {
      const std::string series = GetOr<std::string>(summary, "split", "select") + "/" + key;
      if (value.is_number() && Means(condition.metric, series) &&
          Holds(condition, value.get<double>()))
        return Verdict::kMet;
    }
  }
  return otherwise;
}

}  // namespace

Result<Condition> ParseCondition(const std::string& text) {
  Condition c;
  c.text = text;
  if (text == "done") return c;
  if (text == "succeeded") return c.what = Condition::What::kSucceeded, c;
  if (text == "running") return c.what = Condition::What::kRunning, c;
  const size_t at = text.find_first_of("<>");
  if (text.rfind("metric:", 0) != 0) {
    return InvalidArgument("--for takes " + Join(kWords, ", ") + ", not \"" + text + "\"" +
                           Meant(text, {"done", "succeeded", "running"}));
  }
  c.what = Condition::What::kMetric;
  if (at != std::string::npos) {
    c.metric = text.substr(7, at - 7);
    c.op = text.substr(at, text.compare(at + 1, 1, "=") == 0 ? 2 : 1);
    const std::optional<double> bound = spec::ParseNumber(text.substr(at + c.op.size()));
    if (bound && !c.metric.empty()) return c.bound = *bound, c;
  }
  return InvalidArgument("\"" + text + "\": write for example --for 'metric:accuracy>0.9'");
}

Result<Verdict> Judge(Api& api, const Target& target, const Condition& condition,
                      const v1::SweepProgress& progress) {
  State state = StateOf(progress);
  if (!target.whole()) {
    EIDA_ASSIGN_OR_RETURN(const std::vector<v1::Job> jobs, Reload(api, target));
    state = StateOf(jobs);
  }
  const Verdict otherwise = state.ended ? Verdict::kNever : Verdict::kWait;
  switch (condition.what) {
    case Condition::What::kDone:
      return state.ended ? Verdict::kMet : Verdict::kWait;
    case Condition::What::kSucceeded:
      return state.ended && state.succeeded ? Verdict::kMet
             : state.bad                    ? Verdict::kNever
                                            : otherwise;
    case Condition::What::kRunning:
      return state.active || (state.ended && state.succeeded) ? Verdict::kMet : otherwise;
    case Condition::What::kMetric:
      break;
  }
  return Measured(api, target, condition, otherwise);
}

}  // namespace eida::client
