// The scheduler alone: no store, no network. One step = a job is granted, reported finished, and
// its successor is placed.
#include <benchmark/benchmark.h>

#include <string>

#include "server/sched/reactor.h"
#include "server/sched/recover.h"

namespace eida::sched {
namespace {

constexpr Now kNow{{1'000'000}, {1'700'000'000'000}};

class DiscardEffects : public Effects {
 public:
  void Persist(Change) override { ++persisted; }
  void Notify(const WorkerId&) override {}
  void SweepChanged(SweepId) override {}
  void Count(const CounterEvent&) override {}
  int64_t persisted = 0;
};

AddSweep FlatPlan(int64_t jobs) {
  AddSweep plan;
  plan.sweep.name = "flat";
  plan.sweep.fingerprint = Fingerprint("flat");
  for (int64_t i = 1; i <= jobs; ++i) {
    JobRecord job;
    job.spec.id = JobId(i);
    job.spec.kind = JobKind::kTrain;
    job.spec.name = "train/" + std::to_string(i);
    job.spec.spec = "{}";
    job.spec.fingerprint = Fingerprint("f" + std::to_string(i));
    plan.jobs.push_back(std::move(job));
  }
  return plan;
}

SyncRequest WorkerWith(int slots) {
  SyncRequest request;
  request.worker.id = WorkerId("w");
  request.worker.session = "s";
  for (int i = 0; i < slots; ++i) request.worker.slots.push_back({i, "cpu", {}});
  return request;
}

void BM_Submit(benchmark::State& state) {
  const AddSweep plan = FlatPlan(state.range(0));
  for (auto _ : state) {
    DiscardEffects out;
    Core core = Recover({}, out, kNow);
    benchmark::DoNotOptimize(OnSubmit(core, out, plan, kNow).ok());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Submit)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

// range(0) jobs through range(1) slots of one worker that finishes whatever it is granted.
void BM_Drain(benchmark::State& state) {
  const AddSweep plan = FlatPlan(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    DiscardEffects out;
    Core core = Recover({}, out, kNow);
    OnSubmit(core, out, plan, kNow).IgnoreError();
    SyncRequest sync = WorkerWith(static_cast<int>(state.range(1)));
    state.ResumeTiming();
    int64_t finished = 0;
    while (finished < state.range(0)) {
      OnSync(core, out, sync, kNow);
      std::vector<JobReport> reports;
      for (const Grant& grant : ViewFor(core, sync).grants) {
        for (const GrantJob& job : grant.jobs)
          reports.push_back({job.job, job.attempt, {Started{}, Finished{}}});
      }
      if (reports.empty()) {
        state.SkipWithError("nothing was granted");
        return;
      }
      finished += static_cast<int64_t>(reports.size());
      OnReport(core, out, sync.worker.id, sync.worker.session, reports, kNow);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Drain)
    ->Args({10'000, 32})
    ->Args({100'000, 128})
    ->Args({100'000, 2'048})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace eida::sched
