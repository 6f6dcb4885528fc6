// All state of the scheduler, and the indexes that make each step O(log n). Plain data: the On*
// functions of reactor.h are the only writers. Not thread-safe; the coordinator's loop owns it.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/domain/change.h"
#include "common/domain/messages.h"

namespace eida::sched {

struct Options {
  Millis lease_ttl{15'000};  // a lease that no Sync renewed for this long is lost
  int max_bundle = 64;       // jobs in one lease
};

// All jobs of one fingerprint, over all sweeps. At most one of them is active.
struct Twins {
  JobId succeeded;        // whose result the others take over: a whole one
  JobId active;           // while set, the ready ones are held back
  std::set<JobId> ready;  // jobs in state ready
};

struct Job {
  JobRecord record;
  std::vector<JobId> children;      // that need it, each once
  std::vector<JobId> spared;        // that it only spares work (ParentEdge::shortcut), each once
  std::vector<std::string> needed;  // names of its artifacts that children ask for, each once
  int distinct_parents = 0;         // that it needs
  int unfinished_parents = 0;       // of these, the ones that have not succeeded
  int lost_parents = 0;             // of those, the ones that ended without a result
  int open_shortcuts = 0;           // parents that only spare it work and have not ended
  double remaining = 0;    // seconds on the longest path from its start to the end of the sweep
  int group = 0;           // (kind, bundle key), interned; 0 = runs alone
  Twins* twins = nullptr;  // null without a fingerprint
  bool held = false;       // ready, but a twin is active
  LeaseId lease;           // set exactly while active
  Attempt ended = 0;       // the newest attempt whose end its worker reported and we accepted
  WorkerId ended_by;       // that worker
  TimePoint retry_at;      // while in backoff
  WorkerId home;           // while ready: the worker that made most of its inputs
  Progress progress;       // of the active attempt
  std::optional<CheckpointRecord> checkpoint;  // the newest
};

// Order of ready jobs within a sweep: the longest remaining path first, then the older.
struct ReadyKey {
  double remaining = 0;
  JobId id;
  friend bool operator<(const ReadyKey& a, const ReadyKey& b) {
    return a.remaining != b.remaining ? a.remaining > b.remaining : a.id < b.id;
  }
};
using ReadySet = std::set<ReadyKey>;

struct KindTally {
  std::array<int64_t, EndOfValues<JobState>()> by_state{};  // indexed by JobState
  double finished_seconds = 0;  // run time of those that ran here and succeeded
  int64_t finished_timed = 0;   // how many those are
  int64_t reused = 0;
};
using Tallies = std::array<KindTally, EndOfValues<JobKind>()>;  // indexed by JobKind

// Order of sweeps at the counter: fewest slots per weight first, then higher priority, then older.
struct QueueKey {
  double share = 0;
  int priority = 0;
  SweepId id;
  friend bool operator<(const QueueKey& a, const QueueKey& b) {
    return std::tuple(a.share, -a.priority, a.id) < std::tuple(b.share, -b.priority, b.id);
  }
};

struct Sweep {
  SweepRecord record;
  std::vector<JobId> jobs;  // in the order of their ids
  Tallies kinds;
  std::array<int64_t, EndOfValues<JobState>()> by_state{};  // the sum over kinds
  std::set<JobId> active;
  int leased_slots = 0;  // slots that work for it
  std::map<int, ReadySet>
      ready;  // ready and not held, by the slots that they need; no set is empty
  std::map<int, ReadySet> groups;  // the same jobs by group, without group 0
  std::optional<QueueKey> queued;  // its entry in Core::queue
};

struct Lease {
  LeaseId id;
  WorkerId worker;
  std::string session;
  SweepId sweep;
  std::vector<int> slots;   // of the worker, ascending; never empty
  std::vector<JobId> open;  // not finished; never empty
  WallTime opened;
  TimePoint deadline;
};

struct Worker {
  WorkerRecord record;
  std::vector<LeaseId> slots;  // 0 = free
  int free = 0;                // free slots
  bool present = false;        // was heard of since this process started, and neither lost nor left
  bool drained = false;        // an operator's wish: no new leases
  bool leaving = false;        // the worker's own wish
  TimePoint last_seen;
  std::vector<std::string> retired;                 // earlier sessions: what they say is void
  int counted_slots = 0;                            // its part of Core::total_slots
  std::optional<std::pair<int, WorkerId>> offered;  // its entry in Core::offers
};

struct Core {
  Core() = default;
  Core(Core&&) = default;
  Core& operator=(Core&&) = default;

  Options options;
  int64_t next_sweep = 1, next_run = 1, next_job = 1, next_lease = 1;
  std::unordered_map<JobId, Job> jobs;
  std::unordered_map<SweepId, Sweep> sweeps;
  std::map<WorkerId, Worker> workers;
  std::unordered_map<LeaseId, Lease> leases;

  std::unordered_map<Fingerprint, Twins> twins;
  std::map<std::pair<JobKind, std::string>, int> groups;
  std::unordered_map<std::string, SweepId> by_key;          // idempotency key
  std::unordered_map<Fingerprint, SweepId> by_fingerprint;  // the newest sweep of each plan
  std::set<QueueKey> queue;                                 // sweeps with something to place
  std::set<std::pair<int, WorkerId>> offers;  // (-free slots, worker) of workers that take leases
  int total_slots = 0;                        // of workers that take leases
  std::set<std::pair<TimePoint, JobId>> backoff;
  std::set<std::pair<TimePoint, LeaseId>> deadlines;
  std::set<std::pair<TimePoint, WorkerId>>
      silence;  // when a worker that says nothing will count as lost

  // OK, or Internal naming the first broken promise (RELIABILITY section 4: I3, I4, I5, I6).
  // O(everything).
  Status CheckInvariants() const;
};

}  // namespace eida::sched
