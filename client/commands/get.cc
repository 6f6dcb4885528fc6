#include "client/commands/verb.h"
#include "client/select.h"
#include "common/base/text.h"
#include "common/spec/selection.h"
#include "common/wire/enums.h"
#include "common/wire/json.h"

namespace eida::client {
namespace {

using render::Align;

struct Arguments {
  std::string what, selector, select;
};

// The kinds of thing and their short names.
const std::vector<std::pair<std::string, std::vector<std::string>>> kKinds = {
    {"sweeps", {"sweep", "sw"}},
    {"runs", {"run", "r"}},
    {"jobs", {"job", "j"}},
    {"workers", {"worker", "w"}},
    {"checkpoints", {"checkpoint", "ck"}},
    {"events", {"event", "ev"}}};

template <class E>
std::string Text(int value) {
  const auto parsed = wire::EnumFromProto<E>(value, "state");
  return parsed.ok() ? ToString(*parsed) : "-";
}

std::string Elapsed(int64_t from, int64_t to, int64_t now) {
  return from <= 0 ? "-" : Ago(from, to > 0 ? to : now);
}

Result<int> Sweeps(Context& c, Api& api, const Arguments& a) {
  Result<std::vector<v1::Sweep>> found = FindSweeps(api, a.selector.empty() ? "all" : a.selector);
  if (!found.ok()) return found.status();
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
  for (const v1::Sweep& s : *found) {
    int64_t all = 0, done = 0, bad = 0;
    for (const auto& [state, n] : s.jobs_by_state()) {
      all += n;
      if (state == "succeeded") done += n;
      if (state == "failed" || state == "skipped" || state == "cancelled") bad += n;
    }
    table.rows.push_back({"s" + std::to_string(s.id()), s.name(), Text<SweepState>(s.state()),
                          std::to_string(all), std::to_string(done), std::to_string(bad),
                          FormatTime({s.created_ms()}),
                          Elapsed(s.created_ms(), s.finished_ms(), now)});
    items.push_back(wire::ToJson(s));
  }
  c.printer().List("Sweep", table, items);
  return static_cast<int>(kOk);
}

Result<int> Runs(Context& c, Api& api, const Arguments& a) {
  EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(api, a.selector, false));
  EIDA_ASSIGN_OR_RETURN(const spec::Selection selection, spec::Selection::Parse(a.select));
  render::Table table{{{"run"},
                       {"variant"},
                       {"seed", Align::kRight},
                       {"state"},
                       {"step", Align::kRight},
                       {"trainable", Align::kRight},
                       {"took", Align::kRight},
                       {"worker"}},
                      {}};
  std::vector<Json> items;
  const int64_t now = c.clock->Read().wall.ms;
  for (const v1::Run& run : data.runs) {
    const v1::Job* job = nullptr;
    for (const v1::Job& candidate : data.jobs) {
      if (candidate.id() == run.train_job()) job = &candidate;
    }
    const std::string state = job == nullptr ? "-" : Text<JobState>(job->state());
    if (!selection.Matches(run.variant(), run.seed(), run.name(), state)) continue;
    const std::string step =
        job != nullptr && job->progress().total() > 0
            ? std::to_string(job->progress().done()) + "/" + std::to_string(job->progress().total())
            : "-";
    table.rows.push_back(
        {run.name(), run.variant(), std::to_string(run.seed()), state, step,
         std::to_string(run.trainable_parameters()),
         job == nullptr ? "-" : Elapsed(job->started_ms(), job->finished_ms(), now),
         job == nullptr || job->worker().empty() ? "-" : job->worker()});
    Json item = wire::ToJson(run);
    item["state"] = state;
    items.push_back(std::move(item));
  }
  c.printer().List("Run", table, items);
  return static_cast<int>(kOk);
}

Result<int> Jobs(Context& c, Api& api, const Arguments& a) {
  EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(api, a.selector, false));
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
  for (const v1::Job& job : data.jobs) {
    const std::string state = Text<JobState>(job.state());
    if (!a.select.empty() && !GlobMatch("*" + a.select + "*", job.name()) &&
        a.select != "state=" + state)
      continue;
    std::string note = Ellipsis(job.error_message(), 60);
    if (job.reused_from() > 0) note = "reused from j" + std::to_string(job.reused_from());
    if (state == "skipped") note = "because of j" + std::to_string(job.cause());
    table.rows.push_back({"j" + std::to_string(job.id()), job.name(), state,
                          std::to_string(job.attempt()),
                          Elapsed(job.started_ms(), job.finished_ms(), now),
                          job.worker().empty() ? "-" : job.worker(), note});
    items.push_back(wire::ToJson(job));
  }
  c.printer().List("Job", table, items);
  return static_cast<int>(kOk);
}

Result<int> Checkpoints(Context& c, Api& api, const Arguments& a) {
  EIDA_ASSIGN_OR_RETURN(const v1::Sweep sweep, FindSweep(api, a.selector));
  v1::ListCheckpointsRequest request;
  request.set_sweep(sweep.id());
  EIDA_ASSIGN_OR_RETURN(const v1::ListCheckpointsReply reply, api.ListCheckpoints(request));
  render::Table table{{{"job"},
                       {"attempt", Align::kRight},
                       {"step", Align::kRight},
                       {"size", Align::kRight},
                       {"at"},
                       {"digest"}},
                      {}};
  std::vector<Json> items;
  for (const v1::Checkpoint& k : reply.checkpoints()) {
    table.rows.push_back({"j" + std::to_string(k.job()), std::to_string(k.attempt()),
                          std::to_string(k.step()), FormatBytes(k.artifact().size()),
                          FormatTime({k.at_ms()}), k.artifact().digest().substr(0, 12)});
    items.push_back(wire::ToJson(k));
  }
  c.printer().List("Checkpoint", table, items);
  return static_cast<int>(kOk);
}

Result<int> Events(Context& c, Api& api, const Arguments& a) {
  EIDA_ASSIGN_OR_RETURN(const v1::Sweep sweep, FindSweep(api, a.selector));
  render::Table table{
      {{"at"}, {"type"}, {"job"}, {"attempt", Align::kRight}, {"worker"}, {"message"}}, {}};
  std::vector<Json> items;
  v1::ListEventsRequest request;
  request.set_sweep(sweep.id());
  for (;;) {
    EIDA_ASSIGN_OR_RETURN(const v1::ListEventsReply reply, api.ListEvents(request));
    for (const v1::Event& e : reply.events()) {
      table.rows.push_back({FormatTime({e.at_ms()}), e.type(),
                            e.job() > 0 ? "j" + std::to_string(e.job()) : "-",
                            e.attempt() > 0 ? std::to_string(e.attempt()) : "-",
                            e.worker().empty() ? "-" : e.worker(), e.message()});
      items.push_back(wire::ToJson(e));
      request.set_after(e.id());
    }
    if (reply.events().empty()) break;
  }
  c.printer().List("Event", table, items);
  return static_cast<int>(kOk);
}

}  // namespace

// Shared with `eidactl worker list`.
Result<int> ListWorkersInto(Context& c, Api& api) {
  EIDA_ASSIGN_OR_RETURN(const v1::ListWorkersReply reply, api.ListWorkers({}));
  render::Table table{{{"worker"},
                       {"state"},
                       {"slots", Align::kRight},
                       {"busy", Align::kRight},
                       {"host"},
                       {"version"},
                       {"seen"},
                       {"jobs"}},
                      {}};
  std::vector<Json> items;
  const int64_t now = c.clock->Read().wall.ms;
  for (const v1::Worker& w : reply.workers()) {
    int busy = 0;
    std::vector<std::string> jobs;
    for (const v1::Slot& slot : w.slots()) {
      busy += slot.lease() > 0;
      jobs.insert(jobs.end(), slot.jobs().begin(), slot.jobs().end());
    }
    table.rows.push_back({w.id(), Text<WorkerState>(w.state()), std::to_string(w.slots_size()),
                          std::to_string(busy), w.host(), w.version(), Ago(w.last_seen_ms(), now),
                          Ellipsis(Join(jobs, " "), 60)});
    items.push_back(wire::ToJson(w));
  }
  c.printer().List("Worker", table, items);
  return static_cast<int>(kOk);
}

namespace {

Result<int> Get(Context& c, Api& api, const Arguments& a) {
  std::string what = a.what;
  std::vector<std::string> names;
  for (const auto& [name, aliases] : kKinds) {
    names.push_back(name);
    for (const std::string& alias : aliases) {
      if (a.what == alias) what = name;
    }
  }
  if (what == "sweeps") return Sweeps(c, api, a);
  if (what == "runs") return Runs(c, api, a);
  if (what == "jobs") return Jobs(c, api, a);
  if (what == "workers") return ListWorkersInto(c, api);
  if (what == "checkpoints") return Checkpoints(c, api, a);
  if (what == "events") return Events(c, api, a);
  const std::string meant = Nearest(a.what, names);
  return InvalidArgument("there is nothing called \"" + a.what + "\" to get" +
                         (meant.empty() ? "" : "; did you mean \"" + meant + "\"?") + " (" +
                         Join(names, ", ") + ")");
}

}  // namespace

void Register_get(CLI::App* app, Context& context) {
  auto a = std::make_shared<Arguments>();
  app->add_option("WHAT", a->what, "sweeps, runs, jobs, workers, checkpoints or events")
      ->required();
  app->add_option("SWEEP", a->selector,
                  "Which sweep (last): s3, a name, last; for sweeps also all, s1-s4");
  app->add_option(
      "-s,--select", a->select,
      "runs: variant~lora-*,seed<3,state=running; jobs: part of a name, or state=failed");
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& s) { return Get(c, s.api(), *a); });
  });
}

}  // namespace eida::client
