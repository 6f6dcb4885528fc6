#include "client/wait.h"

#include "client/commands/verb.h"

namespace eida::client {
namespace {

struct Waited {
  render::Table table{{{"what"}, {"state"}, {"met"}}, {}};
  std::vector<Json> items;
  int code = kOk;

  void Add(const Target& target, const std::string& state, bool met) {
    table.rows.push_back({target.text, state, met ? "yes" : "no"});
    items.push_back(
        {{"what", target.text}, {"sweep", target.sweep.id()}, {"state", state}, {"met", met}});
  }
};

// The state of what was waited for, and whether it ended other than well.
struct EndState {
  std::string text;
  bool bad = false;
};
Result<EndState> StateNow(Api& api, const Target& target, const FollowResult& followed) {
  if (target.whole()) {
    const v1::SweepState state = followed.last.sweep().state();
    return EndState{StateText(state),
                    state != v1::SWEEP_STATE_SUCCEEDED && state != v1::SWEEP_STATE_RUNNING};
  }
  v1::ListJobsRequest request;
  for (const v1::Job& job : target.jobs) request.add_ids(job.id());
  EIDA_ASSIGN_OR_RETURN(const v1::ListJobsReply jobs, api.ListJobs(request));
  EndState out{StateText(v1::JOB_STATE_SUCCEEDED), false};
  for (const v1::Job& job : jobs.jobs()) {
    if (job.state() == v1::JOB_STATE_SUCCEEDED) continue;
    if (!out.bad) out.text = StateText(job.state());
    out.bad = out.bad || Ended(job.state());
  }
  return out;
}

Result<int> Wait(Context& c, Api& api, const std::string& what, const Condition& condition) {
  EIDA_ASSIGN_OR_RETURN(const std::vector<Target> targets, FindTargets(api, what));
  const TimePoint start = c.clock->Read().mono;
  Waited waited;
  for (const Target& target : targets) {
    FollowOptions options;
    options.until = [&](const v1::SweepProgress& p) { return Judge(api, target, condition, p); };
    EIDA_ASSIGN_OR_RETURN(const FollowResult followed,
                          Follow(c, api, SweepId(target.sweep.id()), options, start));
    if (followed.interrupted) return static_cast<int>(kInterrupted);
    if (followed.timed_out)
      return DeadlineExceeded("--timeout " + c.options.timeout + " passed before " + target.text +
                              " was " + condition.text);
    const bool met = followed.verdict == Verdict::kMet;
    EIDA_ASSIGN_OR_RETURN(const EndState state, StateNow(api, target, followed));
    waited.Add(target, state.text, met);
    const bool badly = condition.what == Condition::What::kDone && state.bad;
    if (met && !badly) continue;
    waited.code = kEndedBadly;
    if (target.whole() && state.bad) {
      EndedCode(c, followed);
    } else {
      *c.err << "error: " << target.text << " is " << state.text
             << (met ? "" : " and will not be " + condition.text) << "\n";
    }
  }
  if (c.options.output != "table" || !c.options.quiet)
    c.printer().List("Wait", waited.table, waited.items);
  return waited.code;
}

}  // namespace

void Register_wait(CLI::App* app, Context& context) {
  struct Arguments {
    std::string what = "last", condition = "done";
  };
  auto a = std::make_shared<Arguments>();
  app->add_option("WHAT", a->what, "Sweeps (last), a run, a job, or a selection of runs");
  app->add_option("--for", a->condition,
                  "done, succeeded (gives up at the first failure), running, or "
                  "metric:accuracy>0.9; exit code 7 when it ended failed or cancelled");
  OnChosen(app, context, [a](Context& c) {
    const Result<Condition> condition = ParseCondition(a->condition);
    if (!condition.ok()) return Fail(c, condition.status());
    return WithSession(c, Need::kWorkers,
                       [&](Session& s) { return Wait(c, s.api(), a->what, *condition); });
  });
}

}  // namespace eida::client
