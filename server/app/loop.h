// The one thread that owns the scheduler's Core, and the ordering law: it takes all waiting events,
// runs them, commits what they persist in one transaction, and only then lets replies and
// notifications out. A failed commit is the end of the process: what is in memory is no longer what
// is stored.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "server/sched/core.h"
#include "server/sched/effects.h"

namespace eida::app {

class Loop {
 public:
  // What is left to do once the batch is durable: answer. Runs on the loop's thread; may be empty.
  using After = std::function<void()>;
  // Runs on the loop's thread.
  using Event = std::function<After(sched::Core&, sched::Effects&, Now)>;

  // Called on the loop's thread.
  class Observer {
   public:
    virtual ~Observer() = default;
    // After the commit and before the batch's own replies. `effects.changes` is empty by now.
    virtual void Committed(const sched::Core& core, const sched::RecordingEffects& effects,
                           Now now) = 0;
    // After the replies of every batch.
    virtual void Passed(const sched::Core& core, Now now, double seconds) = 0;
    // When Passed wants to run again even if nothing happens.
    virtual TimePoint NextWake() const = 0;
  };

  struct Options {
    std::function<Status(const std::vector<Change>&)> commit;
    // Does not return, except in tests; then nothing of the batch leaves and the loop ends.
    std::function<void(const Status&)> fatal;
  };

  Loop(sched::Core core, Options options, const Clock& clock);
  ~Loop();
  // `observer` outlives the loop's thread.
  void Start(Observer& observer);
  // False when the loop has stopped; the event is dropped then. Thread-safe.
  bool Post(Event event);
  // Runs `ask` on the loop's thread, once all that it may see there is durable, and waits for it.
  // False when that takes longer than `patience` (then it may still run, later) or the loop has
  // stopped. Thread-safe.
  bool Ask(std::function<void(const sched::Core&)> ask, Millis patience);
  // Runs and commits what was posted, then ends the thread.
  void Stop();
  // REQUIRES: on the loop's thread.
  const sched::Core& core() const { return core_; }

 private:
  void Run();
  bool RunBatch(std::vector<Event> events);

  sched::Core core_;
  const Options options_;
  const Clock& clock_;
  Observer* observer_ = nullptr;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::vector<Event> waiting_;
  bool stopping_ = false;
  bool stopped_ = false;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace eida::app
