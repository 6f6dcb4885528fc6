#include "client/scope.h"

#include "common/base/text.h"
#include "common/wire/enums.h"

namespace eida::client {
namespace {

template <class E>
std::string Text(int value) {
  const auto parsed = wire::EnumFromProto<E>(value, "value");
  return parsed.ok() ? ToString(*parsed) : "-";
}

bool SaysRun(const std::string& selection) {
  for (const std::string& term : Split(selection, ',')) {
    const std::string field(Trim(term.substr(0, term.find_first_of("=!~<>"))));
    if (field == "variant" || field == "seed") return true;
  }
  return false;
}

}  // namespace

std::string StateText(v1::JobState state) { return Text<JobState>(state); }
std::string StateText(v1::SweepState state) { return Text<SweepState>(state); }
std::string KindText(v1::JobKind kind) { return Text<JobKind>(kind); }

bool Ended(v1::JobState state) {
  const auto parsed = wire::EnumFromProto<JobState>(state, "state");
  return parsed.ok() && IsTerminal(*parsed);
}

v1::JobState StateOf(const SweepData& data, const v1::Run& run) {
  const v1::Job* job = data.JobOf(run.train_job());
  return job == nullptr ? v1::JOB_STATE_UNSPECIFIED : job->state();
}

Status Scope::Narrow(const std::string& selection) {
  EIDA_ASSIGN_OR_RETURN(spec::Selection parsed, spec::Selection::Parse(selection));
  selections_.push_back(std::move(parsed));
  needs_run_ = needs_run_ || SaysRun(selection);
  return OkStatus();
}

Result<Scope> Scope::Find(Api& api, const std::string& selector, const std::string& select,
                          bool with_spec) {
  Scope scope;
  const SweepPath path = SplitSweep(selector);
  std::vector<std::string> sweeps;
  if (!path.rest.empty() && IsRunSelection(path.rest)) {
    EIDA_RETURN_IF_ERROR(scope.Narrow(path.rest));
    sweeps = {path.sweep};
  } else if (path.named || selector.find('/') != std::string::npos) {
    scope.name_ = path.rest;
    sweeps = {path.sweep};
  } else {
    EIDA_ASSIGN_OR_RETURN(const std::vector<v1::Sweep> found,
                          FindSweeps(api, selector.empty() ? "last" : selector));
    for (const v1::Sweep& sweep : found) sweeps.push_back("s" + std::to_string(sweep.id()));
  }
  if (sweeps.empty()) return FindSweep(api, "last").status();
  if (IsRunSelection(select)) {
    EIDA_RETURN_IF_ERROR(scope.Narrow(select));
  } else {
    scope.part_ = select;
  }
  for (const std::string& sweep : sweeps) {
    EIDA_ASSIGN_OR_RETURN(SweepData data, LoadSweep(api, sweep, with_spec));
    scope.sweeps_.push_back(std::move(data));
  }
  if (!scope.name_.empty()) {
    const SweepData& data = scope.sweeps_.front();
    if (data.FindRun(scope.name_) == nullptr && data.FindJob(scope.name_) == nullptr)
      return NotFound("sweep " + data.Id() + " has no run or job \"" + scope.name_ + "\"" +
                      DidYouMean(data, scope.name_));
  }
  return scope;
}

bool Scope::Has(const SweepData& data, const v1::Run& run) const {
  if (!name_.empty() && run.name() != name_) return false;
  if (!part_.empty() && !GlobMatch("*" + part_ + "*", run.name())) return false;
  for (const spec::Selection& selection : selections_) {
    if (!selection.Matches(run.variant(), run.seed(), run.name(), StateText(StateOf(data, run))))
      return false;
  }
  return true;
}

bool Scope::Has(const SweepData& data, const v1::Job& job) const {
  const v1::Run* run = data.RunOf(job);
  if (!name_.empty() && job.name() != name_ && (run == nullptr || run->name() != name_))
    return false;
  if (!part_.empty() && !GlobMatch("*" + part_ + "*", job.name())) return false;
  if (needs_run_ && run == nullptr) return false;
  for (const spec::Selection& selection : selections_) {
    if (!selection.Matches(run == nullptr ? "" : run->variant(), run == nullptr ? 0 : run->seed(),
                           job.name(), StateText(job.state())))
      return false;
  }
  return true;
}

}  // namespace eida::client
