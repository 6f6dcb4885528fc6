// Step's history rows, worker rows and metrics.
#include "server/sched/index.h"
#include "server/sched/step.h"

namespace eida::sched {
namespace {

EventRecord EventAt(WallTime at, const std::string& type, const std::string& message) {
  EventRecord event;
  event.at = at;
  event.type = type;
  event.message = message;
  return event;
}

}  // namespace

void Step::Note(const std::string& type, const Job& job, const std::string& message) {
  EventRecord event = EventAt(now.wall, type, message);
  event.sweep = job.record.spec.sweep;
  event.job = job.record.spec.id;
  event.attempt = job.record.status.attempt;
  event.worker = job.record.status.worker;
  out.Persist(AddEvent{std::move(event)});
}

void Step::Note(const std::string& type, const Sweep& sweep, const std::string& message) {
  EventRecord event = EventAt(now.wall, type, message);
  event.sweep = sweep.record.id;
  out.Persist(AddEvent{std::move(event)});
}

void Step::Note(const std::string& type, const WorkerId& worker, const std::string& message) {
  EventRecord event = EventAt(now.wall, type, message);
  event.worker = worker;
  out.Persist(AddEvent{std::move(event)});
}

void Step::PutWorkerRecord(Worker& worker, WorkerState state) {
  worker.record.state = state;
  worker.record.drained = worker.drained;
  out.Persist(PutWorker{worker.record});
}

void Step::Count(CounterEvent::What what, const Job& job, double seconds, ErrorClass error) {
  CounterEvent event;
  event.what = what;
  event.kind = job.record.spec.kind;
  event.outcome = StateOf(job);
  event.error = error;
  event.seconds = seconds;
  out.Count(event);
}

}  // namespace eida::sched
