#include "worker/exec/launcher.h"

#include <future>

namespace eida::exec {

Launcher::Launcher() : thread_([this] { Loop(); }) {}

Launcher::~Launcher() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

Result<Subprocess> Launcher::Start(const SubprocessOptions& options) {
  std::promise<Result<Subprocess>> promise;
  {
    const std::lock_guard lock(mutex_);
    if (closing_)
      return Unavailable("the worker is shutting down: " + options.argv.front() +
                         " was not started");
    queue_.push_back([&] { promise.set_value(Subprocess::Start(options)); });
  }
  wake_.notify_one();
  return promise.get_future().get();
}

void Launcher::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const std::function<void()> start = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    start();
    lock.lock();
  }
}

}  // namespace eida::exec
