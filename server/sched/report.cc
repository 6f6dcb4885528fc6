#include <set>

#include "server/sched/index.h"
#include "server/sched/policy.h"
#include "server/sched/reactor.h"
#include "server/sched/step.h"

namespace eida::sched {
namespace {

// Only the holder of the lease of the newest attempt is listened to.
bool HoldsLease(const Core& core, const Job& job, Attempt attempt, const WorkerId& worker,
                const std::string& session) {
  if (!job.lease || job.record.status.attempt != attempt) return false;
  const Lease& lease = core.leases.at(job.lease);
  return lease.worker == worker && lease.session == session;
}

class Reader {
 public:
  Reader(Step& step, Job& job) : step_(step), job_(job) {}

  void operator()(const Started&) {
    if (StateOf(job_) != JobState::kLeased) return;
    JobStatus next = job_.record.status;
    next.started = step_.now.wall;
    step_.Change(job_, JobEvent::kStarted, std::move(next));
    step_.Note("started", job_, "");
  }
  void operator()(const Progress& progress) { job_.progress = progress; }
  void operator()(const Metrics& metrics) {
    if (!metrics.points.empty())
      step_.out.Persist(AddMetrics{IdOf(job_), attempt(), metrics.points});
  }
  void operator()(const CheckpointMade& made) {
    CheckpointRecord record;
    record.job = IdOf(job_);
    record.attempt = attempt();
    record.step = made.step;
    record.metrics = made.metrics;
    record.artifact = made.artifact;
    record.at = step_.now.wall;
    step_.out.Persist(AddCheckpoint{record});
    const auto& newest = job_.checkpoint;
    if (!newest ||
        std::pair(newest->attempt, newest->step) <= std::pair(record.attempt, record.step)) {
      job_.checkpoint = std::move(record);
    }
  }
  void operator()(const LogText& log) {
    LogLine line;
    line.job = IdOf(job_);
    line.attempt = attempt();
    line.seq = log.seq;
    line.at = log.at;
    line.text = log.text;
    step_.out.Persist(AddLog{{std::move(line)}});
  }
  void operator()(const Finished& finished) {
    job_.ended = attempt();
    job_.ended_by = job_.record.status.worker;
    if (finished.error != ErrorClass::kNone) {
      // A worker ends a job by itself only when it is told to go.
      const bool gone = finished.error == ErrorClass::kCancelled;
      step_.Fail(job_, gone ? ErrorClass::kPreempted : finished.error, finished.message, true);
      return;
    }
    const std::string wrong = WhatIsWrong(finished.artifacts);
    if (wrong.empty()) {
      step_.Succeed(job_, finished);
    } else {
      step_.Fail(job_, ErrorClass::kInternal, "the runner said done but made " + wrong, true);
    }
  }

 private:
  // Nothing that the store would refuse may become a change: a refused batch ends the process.
  std::string WhatIsWrong(const std::vector<ArtifactRef>& artifacts) const {
    std::set<std::string> names;
    for (const ArtifactRef& artifact : artifacts) {
      if (!names.insert(artifact.name).second)
        return "two artifacts \"" + artifact.name + "\", whose names must differ";
    }
    const std::string missing = MissingArtifact(job_, artifacts);
    return missing.empty() ? "" : "no artifact \"" + missing + "\", which other jobs need";
  }
  Attempt attempt() const { return job_.record.status.attempt; }

  Step& step_;
  Job& job_;
};

ReportVerdict Read(Step& step, const WorkerId& worker, const std::string& session,
                   const JobReport& report) {
  const auto found = step.core.jobs.find(report.job);
  if (found == step.core.jobs.end()) {
    CounterEvent stale;
    stale.what = CounterEvent::What::kStale;
    step.out.Count(stale);
    return ReportVerdict::kStale;
  }
  Job& job = found->second;
  if (!HoldsLease(step.core, job, report.attempt, worker, session)) {
    // The acknowledgement of this end may have been lost.
    const bool resend = report.attempt > 0 && job.ended == report.attempt && job.ended_by == worker;
    if (resend) return ReportVerdict::kAccepted;
    step.Count(CounterEvent::What::kStale, job);
    for (const ReportItem& item : report.items) {
      if (!std::holds_alternative<Finished>(item)) continue;
      step.Note("refused", job,
                "late end of attempt " + std::to_string(report.attempt) + " from " + worker.str());
      break;
    }
    return ReportVerdict::kStale;
  }
  Reader reader(step, job);
  for (const ReportItem& item : report.items) {
    std::visit(reader, item);
    if (std::holds_alternative<Finished>(item)) break;
  }
  step.Touch(job.record.spec.sweep);
  return ReportVerdict::kAccepted;
}

}  // namespace

std::vector<ReportVerdict> OnReport(Core& core, Effects& out, const WorkerId& worker,
                                    const std::string& session,
                                    const std::vector<JobReport>& reports, Now now) {
  Step step(core, out, now);
  std::vector<ReportVerdict> verdicts;
  verdicts.reserve(reports.size());
  for (const JobReport& report : reports) verdicts.push_back(Read(step, worker, session, report));
  step.Finish();
  return verdicts;
}

}  // namespace eida::sched
