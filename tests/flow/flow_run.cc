// Commands and expectations.
#include <algorithm>

#include "common/base/digest.h"
#include "common/base/text.h"
#include "tests/flow/flow.h"

namespace eida::testing {
namespace {

Status Mismatch(const std::string& what, const std::string& expected, const std::string& actual) {
  return FailedPrecondition(what + ": expected " + expected + ", but it is " + actual);
}

ArtifactRef Made(const std::string& name, const std::string& kind, const std::string& content) {
  ArtifactRef artifact;
  artifact.name = name;
  artifact.kind = kind;
  artifact.digest = DigestOf(content);
  artifact.size = static_cast<int64_t>(content.size());
  return artifact;
}

}  // namespace

Status Flow::Commit() { return world_.Commit(); }

Status Flow::Note(const Status& result) {
  last_error_ = result;
  return OkStatus();
}

Status Flow::SyncOnce(SimWorker& worker) {
  SyncRequest request;
  request.worker = worker.record;
  request.draining = worker.draining;
  for (const auto& [lease, grant] : worker.held) request.held.push_back(lease);
  sched::OnSync(world_.core, world_.out, request, world_.now());
  EIDA_RETURN_IF_ERROR(Commit());
  const SyncReply reply = sched::ViewFor(world_.core, request);
  if (worker.loses_reply && !reply.grants.empty()) {
    worker.loses_reply = false;
    return OkStatus();
  }
  worker.revoked = reply.revoked;
  for (const LeaseId lease : reply.revoked) worker.held.erase(lease);
  for (const Grant& grant : reply.grants) worker.held[grant.lease] = grant;
  return OkStatus();
}

Status Flow::Settle() {
  for (int round = 0; round < 20; ++round) {
    std::map<std::string, size_t> before;
    bool changed = false;
    for (auto& [name, worker] : workers_) {
      if (worker.silent) continue;
      const auto held = worker.held.size();
      const bool lost = worker.loses_reply;
      EIDA_RETURN_IF_ERROR(SyncOnce(worker));
      if (lost && !worker.loses_reply) return OkStatus();  // the next Sync is a heartbeat later
      changed |= held != worker.held.size();
    }
    if (!changed) return OkStatus();
  }
  return Internal("the workers and the coordinator do not come to rest");
}

Status Flow::JoinWorker(const Words& words) {
  EIDA_ASSIGN_OR_RETURN(const Options options,
                        Parse(Words(words.begin() + 1, words.end()), {"slots"}));
  if (options.rest.size() != 1) return InvalidArgument("worker NAME [slots=N]");
  EIDA_ASSIGN_OR_RETURN(const int slots, options.Int("slots", 1));
  SimWorker& worker = workers_[options.rest[0]];
  worker = {};
  worker.record.id = WorkerId(options.rest[0]);
  worker.record.session = options.rest[0] + "." + std::to_string(++sessions_);
  worker.record.host = "host";
  for (int i = 0; i < slots; ++i) worker.record.slots.push_back({i, "cpu", {i}});
  return OkStatus();
}

// start|finish|fail|checkpoint|progress|resend WORKER SWEEP/JOB [CLASS] [attempt=N] [step=N]
// [artifacts=none]
Status Flow::Report(const std::string& verb, const Words& words) {
  EIDA_ASSIGN_OR_RETURN(const Options options, Parse(Words(words.begin() + 1, words.end()),
                                                     {"attempt", "step", "artifacts", "session"}));
  const size_t wanted = verb == "fail" ? 3 : 2;
  if (options.rest.size() != wanted)
    return InvalidArgument(verb + " WORKER SWEEP/JOB" + (wanted == 3 ? " CLASS" : ""));
  EIDA_ASSIGN_OR_RETURN(SimWorker * worker, WorkerNamed(options.rest[0]));
  EIDA_ASSIGN_OR_RETURN(const JobId id, JobNamed(options.rest[1]));
  JobReport report;
  report.job = id;
  for (const auto& [lease, grant] : worker->held) {
    for (const GrantJob& job : grant.jobs) {
      if (job.job == id) report.attempt = job.attempt;
    }
  }
  EIDA_ASSIGN_OR_RETURN(report.attempt, options.Int("attempt", report.attempt));
  if (report.attempt == 0)
    return InvalidArgument(options.rest[0] + " does not hold " + options.rest[1] +
                           "; say attempt=N");
  const std::string& fingerprint = world_.store.Job(id)->spec.fingerprint.str();
  if (verb == "start") {
    report.items.push_back(Started{});
  } else if (verb == "progress") {
    report.items.push_back(Progress{1, 2, "steps"});
  } else if (verb == "checkpoint") {
    EIDA_ASSIGN_OR_RETURN(const int step, options.Int("step", 1));
    report.items.push_back(CheckpointMade{
        step, "", Made("checkpoint", "checkpoint", fingerprint + std::to_string(step))});
  } else {
    Finished finished;
    if (verb == "fail") {
      EIDA_ASSIGN_OR_RETURN(finished.error, ParseEnum<ErrorClass>(options.rest[2]));
      finished.message = "as the flow says";
    } else if (options.Text("artifacts", "") != "none") {
      finished.artifacts.push_back(Made("out", "model", fingerprint));
      finished.summary = "{}";
    }
    report.items.push_back(std::move(finished));
    for (auto it = worker->held.begin(); it != worker->held.end();) {
      auto& jobs = it->second.jobs;
      std::erase_if(jobs, [&](const GrantJob& job) {
        return job.job == id && job.attempt == report.attempt;
      });
      it = jobs.empty() ? worker->held.erase(it) : std::next(it);
    }
  }
  const std::string session = options.Text("session", worker->record.session);
  verdict_ =
      sched::OnReport(world_.core, world_.out, worker->record.id, session, {report}, world_.now())
          .at(0);
  return Commit();
}

Status Flow::Do(const Words& words) {
  const std::string& verb = words[0];
  Status status;
  if (verb == "worker") {
    status = JoinWorker(words);
  } else if (verb == "advance") {
    status = Advance(words);
  } else if (verb == "add") {
    status = AddJobLine(words);
  } else if (verb == "cancel" || verb == "retry") {
    status = CancelOrRetry(verb, words);
  } else if (verb == "restart") {
    world_.Restart();
    status = Commit();
  } else if (verb == "start" || verb == "finish" || verb == "fail" || verb == "checkpoint" ||
             verb == "progress") {
    status = Report(verb, words);
  } else if (words.size() == 2 &&
             (verb == "silent" || verb == "back" || verb == "lose-reply" || verb == "leave" ||
              verb == "drain" || verb == "undrain" || verb == "stopping")) {
    EIDA_ASSIGN_OR_RETURN(SimWorker * worker, WorkerNamed(words[1]));
    const WorkerId id = worker->record.id;
    if (verb == "silent") worker->silent = true;
    if (verb == "back") worker->silent = false;
    if (verb == "lose-reply") worker->loses_reply = true;
    if (verb == "stopping") worker->draining = true;
    if (verb == "leave") {
      worker->silent = true;
      worker->held.clear();
      sched::OnLeave(world_.core, world_.out, id, worker->record.session, world_.now());
    }
    if (verb == "drain" || verb == "undrain") {
      EIDA_RETURN_IF_ERROR(
          sched::OnDrain(world_.core, world_.out, id, verb == "drain", world_.now()));
    }
    status = Commit();
  } else {
    return InvalidArgument(
        "\"" + verb + "\" is no command (or has the wrong number of words); README.md lists them");
  }
  EIDA_RETURN_IF_ERROR(status);
  return Settle();
}

Status Flow::Expect(const Words& words) {
  if (words.empty()) return InvalidArgument("expect what?");
  const std::string& what = words[0];
  if (what == "lease" || what == "idle") return ExpectLease(words);
  if (what == "accepted" || what == "refused") return ExpectReport(what);
  if (what == "event") return ExpectEvent(words);
  if (what == "error" && words.size() == 2) {
    const bool any = !last_error_.ok();
    const std::string text = any ? Message(last_error_) : "no error";
    return any && text.find(words[1]) != std::string::npos ? OkStatus()
                                                           : Mismatch("error", words[1], text);
  }
  if (what == "same" && words.size() == 3) {
    EIDA_ASSIGN_OR_RETURN(const SweepId a, SweepNamed(words[1]));
    EIDA_ASSIGN_OR_RETURN(const SweepId b, SweepNamed(words[2]));
    return a == b ? OkStatus() : Mismatch(words[1], b.ToString(), a.ToString());
  }
  if (what.find('/') != std::string::npos) {
    EIDA_ASSIGN_OR_RETURN(const JobId id, JobNamed(what));
    return ExpectJob(id, words);
  }
  if (words.size() == 2 && sweeps_.contains(what)) {
    EIDA_ASSIGN_OR_RETURN(const SweepState state, ParseEnum<SweepState>(words[1]));
    const SweepState actual = world_.store.sweeps().at(sweeps_.at(what)).state;
    return actual == state ? OkStatus() : Mismatch(what, words[1], ToString(actual));
  }
  return InvalidArgument("\"expect " + Join(words, " ") +
                         "\" is not understood; README.md lists the forms");
}

// lease WORKER JOB [JOB ...] [attempt=N] [resume=N] [input=ROLE] [absent=ROLE] [missing=ROLE,..]
// [slot=N] | idle WORKER
Status Flow::ExpectLease(const Words& words) {
  EIDA_ASSIGN_OR_RETURN(const Options options,
                        Parse(Words(words.begin() + 1, words.end()),
                              {"attempt", "resume", "input", "absent", "slot", "missing"}));
  if (options.rest.empty()) return InvalidArgument("expect " + words[0] + " WORKER ...");
  EIDA_ASSIGN_OR_RETURN(SimWorker * worker, WorkerNamed(options.rest[0]));
  std::string holds;
  const Grant* found = nullptr;
  const Words wanted(options.rest.begin() + 1, options.rest.end());
  for (const auto& [lease, grant] : worker->held) {
    Words names;
    for (const GrantJob& job : grant.jobs) names.push_back(NameOf(job.job));
    holds += (holds.empty() ? "" : "; ") + Join(names, " ");
    if (names == wanted) found = &grant;
  }
  if (holds.empty()) holds = "idle";
  if (words[0] == "idle")
    return worker->held.empty() ? OkStatus() : Mismatch(options.rest[0], "idle", holds);
  if (found == nullptr) return Mismatch("leases of " + options.rest[0], Join(wanted, " "), holds);
  const GrantJob& job = found->jobs.front();
  EIDA_ASSIGN_OR_RETURN(const int attempt, options.Int("attempt", job.attempt));
  if (attempt != job.attempt)
    return Mismatch("attempt", std::to_string(attempt), std::to_string(job.attempt));
  Words slots;
  for (const int slot : found->slots) slots.push_back(std::to_string(slot));
  const std::string on = Join(slots, ",");
  if (options.Text("slot", on) != on) return Mismatch("slot", options.Text("slot", on), on);
  const std::string resume = options.Text("resume", "");
  if (!resume.empty()) {
    const std::string& fingerprint = world_.store.Job(job.job)->spec.fingerprint.str();
    const bool same = resume == "none"
                          ? !job.resume
                          : job.resume && job.resume->digest == DigestOf(fingerprint + resume);
    if (!same) return Mismatch("resume", resume, job.resume ? "another checkpoint" : "none");
  }
  Words missing;
  for (const MissingInput& input : job.missing) missing.push_back(input.role);
  const std::string without = missing.empty() ? "none" : Join(missing, ",");
  if (options.Text("missing", without) != without)
    return Mismatch("missing", options.Text("missing", without), without);
  const std::string role = options.Text("input", ""), absent = options.Text("absent", "");
  const auto is_absent = [&](const ArtifactRef& input) { return input.name == absent; };
  if (std::any_of(job.inputs.begin(), job.inputs.end(), is_absent))
    return Mismatch("input", "no " + absent, absent);
  if (role.empty()) return OkStatus();
  Words roles;
  for (const ArtifactRef& input : job.inputs) {
    if (input.name == role && !input.digest.empty()) return OkStatus();
    roles.push_back(input.name);
  }
  return Mismatch("input", role, Join(roles, " "));
}

// SWEEP/JOB STATE [attempt=N] [cause=JOB] [reused=JOB] [worker=W] [error=CLASS] [failures=N]
// [free=N] [lacking=N]
Status Flow::ExpectJob(JobId id, const Words& words) {
  EIDA_ASSIGN_OR_RETURN(const Options options, Parse(Words(words.begin() + 1, words.end()),
                                                     {"attempt", "cause", "reused", "worker",
                                                      "error", "failures", "free", "lacking"}));
  const JobStatus& status = world_.store.Job(id)->status;
  std::map<std::string, std::string> actual{
      {"attempt", std::to_string(status.attempt)},
      {"cause", status.cause ? NameOf(status.cause) : "none"},
      {"reused", status.reused_from ? NameOf(status.reused_from) : "none"},
      {"worker", status.worker.str()},
      {"error", ToString(status.error)},
      {"failures", std::to_string(status.failures)},
      {"free", std::to_string(status.free_failures)},
      {"lacking", std::to_string(status.lacking)}};
  for (const std::string& state : options.rest) {
    EIDA_RETURN_IF_ERROR(ParseEnum<JobState>(state).status());
    if (state != ToString(status.state)) return Mismatch(words[0], state, ToString(status.state));
  }
  for (const auto& [key, value] : options.values) {
    if (actual[key] != value) return Mismatch(words[0] + " " + key, value, actual[key]);
  }
  return OkStatus();
}

Status Flow::ExpectReport(const std::string& verdict) {
  if (!verdict_) return InvalidArgument("nothing was reported yet");
  const std::string actual = *verdict_ == ReportVerdict::kAccepted ? "accepted" : "refused";
  return actual == verdict ? OkStatus() : Mismatch("the report", verdict, actual);
}

// event TYPE [JOB]
Status Flow::ExpectEvent(const Words& words) {
  if (words.size() < 2) return InvalidArgument("expect event TYPE [SWEEP/JOB]");
  JobId job;
  if (words.size() > 2) {
    EIDA_ASSIGN_OR_RETURN(job, JobNamed(words[2]));
  }
  for (const EventRecord& event : world_.store.events()) {
    if (event.type == words[1] && (!job || event.job == job)) return OkStatus();
  }
  return Mismatch("history", "an event \"" + words[1] + "\"", "without one");
}

}  // namespace eida::testing
