#include "client/commands/verb.h"
#include "client/scope.h"
#include "common/base/text.h"
#include "common/wire/enums.h"
#include "common/wire/json.h"

namespace eida::client {
namespace {

std::string Line(const std::string& key, const std::string& value) {
  return value.empty() ? "" : render::FitTo(key, 14) + value + "\n";
}

std::string ErrorText(v1::ErrorClass error) {
  const auto parsed = wire::EnumFromProto<ErrorClass>(error, "error");
  return parsed.ok() ? ToString(*parsed) : "-";
}

std::string Indented(const std::string& json) {
  const Result<Json> value = ParseJson(json.empty() ? "null" : json, "");
  return value.ok() && !value->is_null() ? Pretty(*value) : "";
}

Result<int> DescribeSweep(Context& c, Api& api, const std::string& selector) {
  EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(api, selector, false));
  const v1::Sweep& s = data.sweep;
  std::string text = Line("sweep", "s" + std::to_string(s.id())) + Line("name", s.name()) +
                     Line("description", s.description()) + Line("state", StateText(s.state())) +
                     Line("created", FormatTime({s.created_ms()})) +
                     Line("finished", FormatTime({s.finished_ms()})) +
                     Line("fingerprint", s.fingerprint());
  for (const auto& [key, value] : s.labels()) text += Line("label", key + "=" + value);
  std::vector<std::string> counts;
  for (const auto& [state, n] : s.jobs_by_state())
    counts.push_back(std::to_string(n) + " " + state);
  text += Line("jobs", Join(counts, ", ")) + Line("runs", std::to_string(data.runs.size())) + "\n" +
          s.source();
  c.printer().Object("Sweep", wire::ToJson(s), text);
  return static_cast<int>(kOk);
}

Result<int> DescribeJob(Context& c, Api& api, const std::string& selector) {
  EIDA_ASSIGN_OR_RETURN(const FoundJob found, FindJob(api, selector));
  const v1::Job& j = found.job;
  std::string text =
      Line("job", "j" + std::to_string(j.id())) + Line("name", j.name()) +
      Line("sweep", "s" + std::to_string(j.sweep()) + " (" + found.data.sweep.name() + ")") +
      Line("kind", KindText(j.kind())) + Line("state", StateText(j.state())) +
      Line("attempt", std::to_string(j.attempt())) + Line("worker", j.worker()) +
      Line("created", FormatTime({j.created_ms()})) +
      Line("started", FormatTime({j.started_ms()})) +
      Line("finished", FormatTime({j.finished_ms()})) + Line("fingerprint", j.fingerprint());
  if (j.slots() > 1) text += Line("slots", std::to_string(j.slots()) + " of one worker");
  if (!j.waits().empty()) text += Line("waits", j.waits());
  if (j.reused_from() > 0) text += Line("reused from", "j" + std::to_string(j.reused_from()));
  if (j.cause() > 0) text += Line("because of", "j" + std::to_string(j.cause()));
  if (!j.error_message().empty())
    text += Line("error", ErrorText(j.error()) + ": " + j.error_message());
  for (const v1::ParentEdge& parent : j.parents())
    text += Line("input", parent.role() + " = " + parent.artifact() + " of j" +
                              std::to_string(parent.parent()));
  for (const v1::Artifact& artifact : j.artifacts())
    text += Line("artifact", artifact.name() + " (" + artifact.kind() + ", " +
                                 FormatBytes(artifact.size()) + ", " +
                                 artifact.digest().substr(0, 12) + ")");
  text += "\nsummary\n" + Indented(j.summary()) + "\nspec\n" + Indented(j.spec());
  v1::ListEventsRequest request;
  request.set_sweep(j.sweep());
  request.set_job(j.id());
  EIDA_ASSIGN_OR_RETURN(const v1::ListEventsReply events, api.ListEvents(request));
  text += "\nevents\n";
  for (const v1::Event& e : events.events())
    text += "  " + FormatTime({e.at_ms()}) + "  " + e.type() +
            (e.worker().empty() ? "" : " on " + e.worker()) +
            (e.message().empty() ? "" : ": " + e.message()) + "\n";
  Json json = wire::ToJson(j);
  json["job_kind"] = json["kind"];  // `kind` is the document's
  c.printer().Object("Job", json, text);
  return static_cast<int>(kOk);
}

Result<int> DescribeRun(Context& c, const SweepData& data, const v1::Run& run) {
  std::string text = Line("run", run.name()) +
                     Line("sweep", data.Id() + " (" + data.sweep.name() + ")") +
                     Line("variant", run.variant()) + Line("seed", std::to_string(run.seed())) +
                     Line("state", StateText(StateOf(data, run))) +
                     Line("trainable", std::to_string(run.trainable_parameters()) + " of " +
                                           std::to_string(run.base_parameters()));
  Json jobs = Json::array();
  for (const v1::Job& job : data.jobs) {
    if (job.run() != run.id()) continue;
    text += Line(
        "job", "j" + std::to_string(job.id()) + "  " + StateText(job.state()) + "  " + job.name());
    jobs.push_back(wire::ToJson(job));
  }
  Json json = wire::ToJson(run);
  json["state"] = StateText(StateOf(data, run));
  json["jobs"] = std::move(jobs);
  c.printer().Object("Run", json, text + "\nsettings\n" + Indented(run.settings()));
  SuggestNext(c, "eidactl logs " + data.Id() + "/" + run.name());
  return static_cast<int>(kOk);
}

Result<int> DescribeWorker(Context& c, Api& api, const std::string& id) {
  EIDA_ASSIGN_OR_RETURN(const v1::ListWorkersReply reply, api.ListWorkers({}));
  std::vector<std::string> have;
  for (const v1::Worker& w : reply.workers()) {
    have.push_back(w.id());
    if (w.id() != id) continue;
    const auto state = wire::EnumFromProto<WorkerState>(w.state(), "state");
    std::string text = Line("worker", w.id()) + Line("state", state.ok() ? ToString(*state) : "-") +
                       Line("host", w.host()) + Line("pid", std::to_string(w.pid())) +
                       Line("version", w.version()) + Line("joined", FormatTime({w.joined_ms()})) +
                       Line("seen", FormatTime({w.last_seen_ms()}));
    for (const v1::Slot& slot : w.slots())
      text += Line("slot", std::to_string(slot.index()) + " " + slot.device() + "  " +
                               Join({slot.jobs().begin(), slot.jobs().end()}, " "));
    c.printer().Object("Worker", wire::ToJson(w), text);
    return static_cast<int>(kOk);
  }
  return NotFound("there is no worker \"" + id + "\"" + Meant(id, have) +
                  " (`eidactl get workers` lists them)");
}

// A run by its path, else a job.
Result<int> DescribeRunOrJob(Context& c, Api& api, const std::string& text) {
  const SweepPath path = SplitSweep(text);
  if (text.find('/') != std::string::npos) {
    EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(api, path.sweep, false));
    if (const v1::Run* run = data.FindRun(path.rest)) return DescribeRun(c, data, *run);
  }
  return DescribeJob(c, api, text);
}

Result<int> Describe(Context& c, Api& api, const std::string& what) {
  const size_t slash = what.find('/');
  const std::string kind = slash == std::string::npos ? "" : what.substr(0, slash);
  const std::string rest = slash == std::string::npos ? what : what.substr(slash + 1);
  if (kind == "sweep") return DescribeSweep(c, api, rest);
  if (kind == "run") return DescribeRunOrJob(c, api, rest);
  if (kind == "job") return DescribeJob(c, api, rest);
  if (kind == "worker") return DescribeWorker(c, api, rest);
  if (slash != std::string::npos) return DescribeRunOrJob(c, api, what);
  const Result<v1::Sweep> sweep = FindSweep(api, what);
  if (sweep.ok()) return DescribeSweep(c, api, what);
  const Result<FoundJob> job = FindJob(api, what);
  if (!job.ok()) return what[0] == 'j' ? job.status() : sweep.status();
  return DescribeJob(c, api, what);
}

}  // namespace

void Register_describe(CLI::App* app, Context& context) {
  auto what = std::make_shared<std::string>();
  app->add_option("WHAT", *what,
                  "sweep/s1 or s1, run/lora-r8/seed1 or lora-r8/seed1, job/j17 or j17, worker/ID")
      ->required();
  OnChosen(app, context, [what](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& s) { return Describe(c, s.api(), *what); });
  });
}

}  // namespace eida::client
