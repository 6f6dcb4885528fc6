#include "tests/unit/sched/chaos.h"

#include <algorithm>
#include <set>

#include "common/base/digest.h"
#include "server/sched/policy.h"

namespace eida::testing {
namespace {

constexpr size_t kAgents = 3;

}  // namespace

Chaos::Chaos(uint64_t seed) : rng_(seed), agents_(kAgents) {
  for (size_t i = 0; i < kAgents; ++i) {
    WorkerRecord& record = agents_[i].record;
    record.id = WorkerId("w" + std::to_string(i));
    record.session = "session" + std::to_string(++session_);
    for (int slot = 0; slot <= static_cast<int>(i); ++slot)
      record.slots.push_back({slot, "cpu", {slot}});
  }
}

void Chaos::Check(const Status& status) {
  if (!status.ok() && report_.failure.empty()) {
    report_.failure = "step " + std::to_string(step_) + ": " + eida::Message(status);
  }
}

ChaosReport Chaos::Run(int steps) {
  for (; step_ < steps && report_.failure.empty(); ++step_) Step();
  calm_ = true;
  for (Agent& agent : agents_) agent.down_until = agent.cut_until = world_.now().mono;
  for (const auto& [id, worker] : world_.core.workers) {
    Check(sched::OnDrain(world_.core, world_.out, WorkerId(id), false, world_.now()));
  }
  const auto all_over = [this] {
    return std::all_of(world_.store.sweeps().begin(), world_.store.sweeps().end(),
                       [](const auto& sweep) { return IsTerminal(sweep.second.state); });
  };
  const int limit = step_ + 3000;
  for (; step_ < limit && report_.failure.empty() &&
         !(network_.empty() && replies_.empty() && all_over());
       ++step_) {
    Step();
    if (all_over()) Commit();
  }
  if (report_.failure.empty() && !all_over()) {
    std::string open;
    for (const auto& [id, job] : world_.store.jobs()) {
      if (!IsTerminal(job.status.state)) {
        open += " " + id.ToString() + "=" + ToString(job.status.state) + "/" +
                std::to_string(job.status.attempt);
      }
    }
    Check(Internal("the faults are over, but a sweep does not end (I2); open:" + open));
  }
  if (report_.failure.empty()) CheckEnd();
  report_.results = world_.store.accepted_results();
  report_.attempts = static_cast<int64_t>(world_.store.closed_attempts().size());
  for (const sched::CounterEvent& event : world_.counted) {
    report_.stale += event.what == sched::CounterEvent::What::kStale;
    report_.reused += event.what == sched::CounterEvent::What::kReused;
  }
  return report_;
}

void Chaos::Step() {
  const uint64_t dice = rng_.Below(100);
  if (dice < 45) {
    AgentStep(rng_.Below(kAgents));
  } else if (dice < 80) {
    for (uint64_t n = calm_ ? network_.size() : rng_.Below(4); n > 0 && !network_.empty(); --n)
      Deliver();
  } else if (dice < 92) {
    world_.clock.Advance(Millis(rng_.Below(calm_ ? 1500 : 4000)));
    if (!calm_ && rng_.Below(20) == 0)
      world_.clock.JumpWall(Millis(static_cast<int64_t>(rng_.Below(7'200'000)) - 3'600'000));
    if (sched::NextWake(world_.core) <= world_.now().mono)
      sched::OnTick(world_.core, world_.out, world_.now());
  } else if (!calm_ && dice < 97) {
    UserStep();
  } else if (!calm_ && dice == 99 && rng_.Below(2) == 0) {
    Crash();
    return;
  }
  // Some events share a batch.
  if (rng_.Below(3) != 0) Commit();
}

void Chaos::Commit() {
  Check(world_.Commit());
  const std::vector<std::function<void()>> replies = std::move(replies_);
  replies_.clear();
  for (const auto& reply : replies) reply();
}

void Chaos::Crash() {
  ++report_.restarts;
  replies_.clear();
  world_.Restart();
  Check(world_.Commit());
}

void Chaos::Send(size_t agent, std::function<void()> deliver) {
  if (!calm_ && (agents_[agent].cut_until > world_.now().mono || rng_.Below(8) == 0)) return;
  const int copies = !calm_ && rng_.Below(10) == 0 ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const Millis delay(calm_ ? 1 : rng_.Below(rng_.Below(10) == 0 ? 20'000 : 500));
    network_.emplace(world_.now().mono + delay, Message{deliver, agent});
  }
}

void Chaos::Deliver() {
  const auto first = network_.begin();
  if (first->first > world_.now().mono) {
    if (rng_.Below(2) == 0) return;
    world_.clock.Advance(first->first - world_.now().mono);
  }
  const Message message = std::move(first->second);
  network_.erase(first);
  message.deliver();
}

void Chaos::AgentStep(size_t index) {
  Agent& agent = agents_[index];
  const TimePoint now = world_.now().mono;
  if (!agent.alive) {
    if (agent.down_until > now) return;
    agent.alive = true;
    agent.held.clear();
    agent.record.session = "session" + std::to_string(++session_);
  }
  const uint64_t dice = rng_.Below(100);
  if (!calm_ && dice < 2) {
    ++report_.deaths;
    agent.alive = false;
    agent.down_until = now + Millis(rng_.Below(40'000));
  } else if (!calm_ && dice < 5) {
    agent.cut_until = now + Millis(rng_.Below(30'000));
  } else if (!calm_ && dice == 5) {
    const WorkerId id = agent.record.id;
    const std::string session = agent.record.session;
    Send(index, [this, id, session] {
      sched::OnLeave(world_.core, world_.out, id, session, world_.now());
    });
    agent.alive = false;
    agent.down_until = now + Millis(rng_.Below(20'000));
  } else if (dice < 45) {
    if (agent.waits_until <= now) SendSync(index);
  } else if (dice < 70) {
    SendReports(index);
  } else {
    for (auto& [lease, tasks] : agent.held) {
      for (Task& task : tasks) {
        if (task.stage == 3) continue;
        Work(task);
        break;
      }
    }
  }
}

ErrorClass Chaos::OutcomeOf(JobId job, Attempt attempt) {
  const auto [it, fresh] = outcomes_.try_emplace({job, attempt}, ErrorClass::kNone);
  if (fresh && !calm_ && rng_.Below(4) == 0) {
    constexpr ErrorClass kFailures[] = {
        ErrorClass::kOom,  ErrorClass::kCrashed,   ErrorClass::kInternal, ErrorClass::kIo,
        ErrorClass::kData, ErrorClass::kPreempted, ErrorClass::kCancelled};
    it->second = kFailures[rng_.Below(std::size(kFailures))];
  }
  return it->second;
}

void Chaos::Work(Task& task) {
  ++task.stage;
  if (task.stage == 1) task.unacked.push_back(Started{});
  if (task.stage == 2) {
    CheckpointMade made;
    made.step = task.attempt * 10;
    made.artifact.digest = DigestOf(std::to_string(made.step));
    task.unacked.push_back(std::move(made));
    task.unacked.push_back(Metrics{{{"train/loss", made.step, 1.0}}});
  }
  if (task.stage == 3) {
    Finished finished;
    finished.error = OutcomeOf(task.job, task.attempt);
    ArtifactRef artifact;
    artifact.name = "out";
    if (finished.error == ErrorClass::kNone) finished.artifacts.push_back(artifact);
    task.unacked.push_back(std::move(finished));
  }
}

void Chaos::SendSync(size_t index) {
  Agent& agent = agents_[index];
  SyncRequest request;
  request.worker = agent.record;
  for (const auto& [lease, tasks] : agent.held) request.held.push_back(lease);
  const int64_t serial = ++agent.sync_serial;
  agent.waits_until = world_.now().mono + Millis(5000);
  Send(index, [this, index, request, serial] {
    sched::OnSync(world_.core, world_.out, request, world_.now());
    replies_.push_back([this, index, request, serial] {
      const SyncReply reply = sched::ViewFor(world_.core, request);
      Send(index, [this, index, serial, reply] { OnSyncReply(index, serial, reply); });
    });
  });
}

void Chaos::OnSyncReply(size_t index, int64_t serial, const SyncReply& reply) {
  Agent& agent = agents_[index];
  if (!agent.alive || serial != agent.sync_serial) return;
  agent.sync_serial = serial + 1;  // a second copy of the reply is void
  agent.waits_until = {};
  for (const LeaseId lease : reply.revoked) agent.held.erase(lease);
  std::set<int> slots;
  for (const Grant& grant : reply.grants) {
    for (const int slot : grant.slots) {
      if (slot < 0 || slot >= static_cast<int>(agent.record.slots.size()) ||
          !slots.insert(slot).second) {
        Check(Internal("a slot is granted twice or does not exist (I5)"));
      }
    }
    std::vector<Task>& tasks = agent.held[grant.lease];
    for (const GrantJob& job : grant.jobs) tasks.push_back({job.job, job.attempt, 0, 0, {}});
  }
}

void Chaos::SendReports(size_t index) {
  Agent& agent = agents_[index];
  const WorkerId id = agent.record.id;
  const std::string session = agent.record.session;
  for (const auto& [lease, tasks] : agent.held) {
    for (const Task& task : tasks) {
      if (task.unacked.empty()) continue;
      const JobReport report{task.job, task.attempt, task.unacked};
      const size_t upto = task.acked + task.unacked.size();
      Send(index, [this, index, id, session, report, upto] {
        const auto verdicts =
            sched::OnReport(world_.core, world_.out, id, session, {report}, world_.now());
        const ReportVerdict verdict = verdicts.at(0);
        replies_.push_back([this, index, session, report, upto, verdict] {
          const Finished* end = std::get_if<Finished>(&report.items.back());
          if (verdict == ReportVerdict::kAccepted && end != nullptr &&
              end->error == ErrorClass::kNone) {
            acked_[report.job] = report.attempt;
          }
          Send(index, [=, this] {
            OnReportReply(index, session, report.job, report.attempt, upto, verdict);
          });
        });
      });
    }
  }
}

void Chaos::OnReportReply(size_t index, const std::string& session, JobId job, Attempt attempt,
                          size_t upto, ReportVerdict verdict) {
  Agent& agent = agents_[index];
  if (!agent.alive || agent.record.session != session) return;
  for (auto it = agent.held.begin(); it != agent.held.end();) {
    std::vector<Task>& tasks = it->second;
    for (Task& task : tasks) {
      if (task.job != job || task.attempt != attempt) continue;
      if (verdict == ReportVerdict::kStale) {
        task.stage = 3;
        task.acked += task.unacked.size();  // older answers may still come
        task.unacked.clear();
      } else if (upto > task.acked) {
        task.unacked.erase(task.unacked.begin(),
                           task.unacked.begin() + static_cast<std::ptrdiff_t>(upto - task.acked));
        task.acked = upto;
      }
    }
    const bool over = std::all_of(tasks.begin(), tasks.end(), [](const Task& task) {
      return task.stage == 3 && task.unacked.empty();
    });
    it = over ? agent.held.erase(it) : std::next(it);
  }
}

void Chaos::Submit() {
  AddSweep plan;
  plan.sweep.name = "chaos";
  plan.sweep.idempotency_key = "key" + std::to_string(++plans_);
  plan.sweep.fingerprint = Fingerprint("plan" + std::to_string(plans_));
  plan.sweep.retries.max = static_cast<int>(rng_.Below(3));
  plan.sweep.retries.max_free = 3 + static_cast<int>(rng_.Below(4));
  plan.sweep.max_parallel = static_cast<int>(rng_.Below(4));
  plan.sweep.max_failures = static_cast<int>(rng_.Below(4));
  plan.sweep.priority = static_cast<int>(rng_.Below(3)) - 1;
  const uint64_t jobs = rng_.Below(9);
  for (uint64_t i = 1; i <= jobs; ++i) {
    JobRecord job;
    job.spec.id = JobId(static_cast<int64_t>(i));
    job.spec.kind = rng_.Below(2) == 0 ? JobKind::kTrain : JobKind::kPath;
    job.spec.name = "job" + std::to_string(i);
    job.spec.cost = 1 + static_cast<double>(rng_.Below(5));
    if (rng_.Below(2) == 0) job.spec.bundle_key = "k";
    if (rng_.Below(4) == 0) job.spec.slots = 1 + static_cast<int>(rng_.Below(kAgents));
    // A fingerprint holds those of the parents, as the planner makes them; some jobs have twins, in
    // the same sweep too.
    std::string identity =
        rng_.Below(3) == 0 ? "shared" + std::to_string(rng_.Below(6)) : plan.sweep.idempotency_key;
    for (uint64_t parent = 1; parent < i && rng_.Below(2) == 0; ++parent) {
      const JobId id(static_cast<int64_t>(1 + rng_.Below(i - 1)));
      if (plan.jobs[static_cast<size_t>(id.value()) - 1].spec.quorum > 0) continue;
      job.spec.parents.push_back({"in" + std::to_string(parent), id, "out"});
      identity += "<" + plan.jobs[static_cast<size_t>(id.value()) - 1].spec.fingerprint.str();
    }
    // Some make do without a part of their parents.
    std::set<JobId> parents;
    for (const ParentEdge& edge : job.spec.parents) parents.insert(edge.parent);
    if (!parents.empty() && rng_.Below(3) == 0)
      job.spec.quorum = 1 + static_cast<int>(rng_.Below(parents.size()));
    // Some are spared work by others, which is no part of what they are.
    for (uint64_t k = 0; i > 1 && k < 2 && rng_.Below(3) == 0; ++k) {
      const JobId id(static_cast<int64_t>(1 + rng_.Below(i - 1)));
      if (plan.jobs[static_cast<size_t>(id.value()) - 1].spec.quorum > 0) continue;
      job.spec.parents.push_back({"spares" + std::to_string(k), id, "out", true});
    }
    const bool shared = identity.rfind("shared", 0) == 0;
    job.spec.fingerprint = Fingerprint(shared ? identity : identity + "/" + job.spec.name);
    plan.jobs.push_back(std::move(job));
  }
  const Result<SweepId> id = sched::OnSubmit(world_.core, world_.out, plan, world_.now());
  Check(id.status());
  if (!id.ok()) return;
  replies_.push_back([this, id] { sweeps_.push_back(*id); });
  if (rng_.Below(3) != 0) return;
  const Result<SweepId> again = sched::OnSubmit(world_.core, world_.out, plan, world_.now());
  if (!again.ok() || *again != *id) Check(Internal("the same submit again is another sweep (I1)"));
}

void Chaos::UserStep() {
  const uint64_t dice = rng_.Below(10);
  if (world_.core.sweeps.empty() || dice < 4) {
    Submit();
    return;
  }
  const SweepId sweep(1 + static_cast<int64_t>(rng_.Below(world_.core.sweeps.size())));
  std::vector<JobId> some;
  for (const JobId job : world_.core.sweeps.at(sweep).jobs) {
    if (rng_.Below(4) == 0) some.push_back(job);
  }
  if (rng_.Below(2) == 0) some.clear();
  if (dice < 5) {
    Check(sched::OnCancel(world_.core, world_.out, sweep, some, world_.now()).status());
  } else if (dice < 8) {
    const ErrorClass filter = rng_.Below(3) == 0 ? ErrorClass::kOom : ErrorClass::kNone;
    Check(sched::OnRetry(world_.core, world_.out, sweep, some, filter, world_.now()).status());
    for (const JobId job : world_.core.sweeps.at(sweep).jobs) revived_.insert(job);
  } else if (dice < 9) {
    JobRecord job;
    job.spec.sweep = sweep;
    job.spec.kind = JobKind::kExport;
    job.spec.name = "export" + std::to_string(rng_.Below(2));
    job.spec.fingerprint = Fingerprint(sweep.ToString() + job.spec.name);
    const auto& jobs = world_.core.sweeps.at(sweep).jobs;
    if (!jobs.empty()) job.spec.parents.push_back({"weights", jobs.front(), "out"});
    if (!jobs.empty() && rng_.Below(2) == 0) {
      const JobId near = jobs[rng_.Below(jobs.size())];
      if (world_.core.jobs.at(near).record.spec.quorum == 0)
        job.spec.parents.push_back({"spares", near, "out", true});
    }
    for (const JobId id : jobs) revived_.insert(id);
    const Result<JobId> added = sched::OnAddJob(world_.core, world_.out, job, world_.now());
    if (!added.ok() && added.status().code() != absl::StatusCode::kFailedPrecondition)
      Check(added.status());
  } else if (!world_.core.workers.empty()) {
    const WorkerId id = agents_[rng_.Below(kAgents)].record.id;
    const Status drained =
        sched::OnDrain(world_.core, world_.out, id, rng_.Below(2) == 0, world_.now());
    if (!drained.ok() && drained.code() != absl::StatusCode::kNotFound) Check(drained);
  }
}

void Chaos::CheckEnd() {
  for (const SweepId sweep : sweeps_) {
    if (!world_.store.sweeps().contains(sweep))
      Check(Internal(sweep.ToString() + ": an acknowledged submit is lost (I1)"));
  }
  for (const auto& [job, attempt] : acked_) {
    const JobStatus& status = world_.store.Job(job)->status;
    // What lacked something gives way to a retry.
    if (world_.store.Job(job)->spec.quorum > 0 && revived_.contains(job)) continue;
    if (status.state != JobState::kSucceeded || status.attempt != attempt) {
      Check(Internal(job.ToString() + ": an acknowledged result is lost (I1)"));
    }
  }
  std::map<JobId, std::pair<int, int>> failures;
  for (const AttemptRecord& attempt : world_.store.closed_attempts()) {
    if (attempt.outcome == "succeeded" || attempt.outcome == "cancelled") continue;
    const Result<ErrorClass> error = ParseEnum<ErrorClass>(attempt.outcome);
    Check(error.status());
    if (world_.store.LeftCheckpoint(attempt.job, attempt.attempt)) failures[attempt.job].second = 0;
    if (error.ok())
      ++(sched::IsFree(*error) ? failures[attempt.job].second : failures[attempt.job].first);
  }
  for (const auto& [id, job] : world_.store.jobs()) {
    if (revived_.contains(id)) continue;
    const auto [counted, free] = failures[id];
    if (job.status.failures != counted || job.status.free_failures != free) {
      Check(Internal(id.ToString() + ": failure counts disagree with its attempts (I6)"));
    }
  }
  if (!world_.core.leases.empty()) Check(Internal("everything is over, but a lease is left (I5)"));
}

}  // namespace eida::testing
