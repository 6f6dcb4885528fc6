#include "server/app/loop.h"

#include <algorithm>
#include <future>
#include <memory>

#include "common/base/log.h"
#include "server/app/failpoint.h"
#include "server/sched/reactor.h"

namespace eida::app {
namespace {

// A pass at least this often, so that the time of the last one tells whether the loop lives.
constexpr Millis kHeartbeat{5'000};

}  // namespace

Loop::Loop(sched::Core core, Options options, const Clock& clock)
    : core_(std::move(core)), options_(std::move(options)), clock_(clock) {}

Loop::~Loop() { Stop(); }

void Loop::Start(Observer& observer) {
  observer_ = &observer;
  thread_ = std::thread([this] { Run(); });
}

bool Loop::Post(Event event) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || stopped_) return false;
    waiting_.push_back(std::move(event));
  }
  wake_.notify_one();
  return true;
}

bool Loop::Ask(std::function<void(const sched::Core&)> ask, Millis patience) {
  auto asked = std::make_shared<std::promise<void>>();
  std::future<void> answer = asked->get_future();
  const bool posted =
      Post([asked, ask = std::move(ask)](sched::Core& core, sched::Effects&, Now) -> After {
        return [asked, ask, &core] {
          ask(core);
          asked->set_value();
        };
      });
  return posted && answer.wait_for(patience) == std::future_status::ready;
}

void Loop::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Loop::Run() {
  while (true) {
    std::vector<Event> events;
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      const TimePoint due = std::min(sched::NextWake(core_), observer_->NextWake());
      const TimePoint now = clock_.Read().mono;
      if (waiting_.empty() && !stopping_ && due > now) {
        wake_.wait_for(lock, std::min(kHeartbeat, due - now));
      }
      events.swap(waiting_);
      last = stopping_;
    }
    const bool alive = RunBatch(std::move(events));
    std::lock_guard lock(mutex_);
    if (!alive || (last && waiting_.empty())) {
      stopped_ = true;
      waiting_.clear();
      return;
    }
  }
}

bool Loop::RunBatch(std::vector<Event> events) {
  const Stopwatch watch;
  const Now now = clock_.Read();
  sched::RecordingEffects effects;
  std::vector<After> afters;
  for (Event& event : events) {
    if (After after = event(core_, effects, now)) afters.push_back(std::move(after));
  }
  if (sched::NextWake(core_) <= now.mono) sched::OnTick(core_, effects, now);
  const double seconds = watch.Seconds();
  if (!effects.changes.empty()) {
    Failpoint("before_commit");
    if (const Status status = options_.commit(effects.changes); !status.ok()) {
      options_.fatal(status);
      return false;
    }
    Failpoint("after_commit");
    effects.changes.clear();
  }
  observer_->Committed(core_, effects, now);
  for (const After& after : afters) after();
  observer_->Passed(core_, now, seconds);
  return true;
}

}  // namespace eida::app
