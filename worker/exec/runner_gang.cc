#include "worker/exec/runner_gang.h"

#include <thread>

namespace eida::exec {
namespace {

// For a rank that dies to be seen before those that its end took along.
constexpr Millis kPeerGrace{2000};
constexpr int kExitStopped = 75;

bool EndedWell(const ProcessEnd& end) {
  return end.exit.ok() || (!end.exit.signaled && end.exit.code == kExitStopped);
}

}  // namespace

class RunnerGang::RankSink : public RunnerSink {
 public:
  RankSink(RunnerGang& gang, size_t rank, RunnerSink& sink)
      : gang_(gang), rank_(rank), sink_(sink) {}
  void OnEvent(const Event& event) override {
    if (rank_ > 0 && !std::holds_alternative<Failed>(event.body)) return;
    const std::lock_guard lock(gang_.sink_mutex_);
    sink_.OnEvent(event);
  }
  void OnLog(const std::string& line) override {
    const std::lock_guard lock(gang_.sink_mutex_);
    sink_.OnLog(rank_ == 0 ? line : "rank " + std::to_string(rank_) + ": " + line);
  }

 private:
  RunnerGang& gang_;
  const size_t rank_;
  RunnerSink& sink_;
};

Result<std::unique_ptr<RunnerGang>> RunnerGang::Start(Launcher& launcher,
                                                      const std::vector<RunnerOptions>& ranks,
                                                      const Clock& clock) {
  std::vector<std::unique_ptr<RunnerProcess>> started;
  for (const RunnerOptions& options : ranks) {
    EIDA_ASSIGN_OR_RETURN(auto process, RunnerProcess::Start(launcher, options, clock));
    started.push_back(std::move(process));
  }
  return std::unique_ptr<RunnerGang>(new RunnerGang(std::move(started)));
}

void RunnerGang::Stop(Millis grace) {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  for (const auto& rank : ranks_) rank->Stop(grace);
}

void RunnerGang::KillOthers(size_t rank) {
  for (size_t other = 0; other < ranks_.size(); ++other) {
    if (other != rank) ranks_[other]->Kill();
  }
}

// Each rank's thread ends with it.
void RunnerGang::OnRankEnd(size_t rank, ProcessEnd end) {
  if (EndedWell(end)) return;
  const bool peer_lost = !end.exit.signaled && end.exit.code == kExitPeerLost;
  {
    std::unique_lock lock(mutex_);
    if (end.stopped && !stopped_) return;  // killed because of another's end
    if (rank > 0)
      end.hint = "rank " + std::to_string(rank) + (end.hint.empty() ? "" : ", " + end.hint);
    std::optional<ProcessEnd>& first = peer_lost ? lost_ : bad_;
    if (!first) first = std::move(end);
    ended_.notify_all();
    // The rank that is the cause may still be about to end: it is killed only if it does not.
    if (peer_lost) ended_.wait_for(lock, kPeerGrace, [this] { return bad_.has_value(); });
  }
  KillOthers(rank);
}

ProcessEnd RunnerGang::Run(RunnerSink& sink) {
  if (ranks_.size() == 1) return ranks_.front()->Run(sink);
  std::vector<std::thread> threads;
  for (size_t rank = 1; rank < ranks_.size(); ++rank) {
    threads.emplace_back([this, rank, &sink] {
      RankSink own(*this, rank, sink);
      OnRankEnd(rank, ranks_[rank]->Run(own));
      const std::lock_guard lock(mutex_);
      ++others_ended_;
      ended_.notify_all();
    });
  }
  RankSink own(*this, 0, sink);
  ProcessEnd end = ranks_.front()->Run(own);
  OnRankEnd(0, end);
  {
    // Nobody listens to the others any more.
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, kPeerGrace, [&] { return others_ended_ == threads.size(); });
  }
  KillOthers(0);
  for (std::thread& thread : threads) thread.join();
  const std::lock_guard lock(mutex_);
  if (bad_)
    end = std::move(*bad_);
  else if (lost_)
    end = std::move(*lost_);
  end.stopped = stopped_;
  return end;
}

}  // namespace eida::exec
