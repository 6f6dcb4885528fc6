// What a listing is about: sweeps, and which of their runs and jobs.
#pragma once

#include "client/select.h"
#include "common/spec/selection.h"

namespace eida::client {

class Scope {
 public:
  // `selector`: sweeps (s3, s1-s4, all, last, a name; "" = last), or runs of one: a run's or job's
  // name, or a selection (variant~lora-*,seed<3), each with an optional sweep in front (s3/seed=1).
  // `select` narrows further: a selection, or a part of the name.
  static Result<Scope> Find(Api& api, const std::string& selector, const std::string& select,
                            bool with_spec);
  const std::vector<SweepData>& sweeps() const { return sweeps_; }
  bool many() const { return sweeps_.size() > 1; }
  // `state` of a run is its training's.
  bool Has(const SweepData& data, const v1::Run& run) const;
  // A job of no single run never matches a term on variant or seed.
  bool Has(const SweepData& data, const v1::Job& job) const;

 private:
  Status Narrow(const std::string& selection);
  std::vector<SweepData> sweeps_;
  std::vector<spec::Selection> selections_;
  bool needs_run_ = false;
  std::string name_, part_;
};

// "succeeded", "-" when the number is unknown here.
std::string StateText(v1::JobState state);
std::string StateText(v1::SweepState state);
std::string KindText(v1::JobKind kind);
bool Ended(v1::JobState state);
// The state of the run's training; unspecified when there is none.
v1::JobState StateOf(const SweepData& data, const v1::Run& run);

// What cancel, retry, logs and wait act on: a whole sweep (no jobs), or jobs of it.
struct Target {
  v1::Sweep sweep;
  std::vector<v1::Job> jobs;
  std::string text;  // for people: s1, or lora-r8/seed1
  bool whole() const { return jobs.empty(); }
};
// Sweeps, a run (its training), a job, or a selection of runs; NotFound when nothing matches.
Result<std::vector<Target>> FindTargets(Api& api, const std::string& text);

}  // namespace eida::client
