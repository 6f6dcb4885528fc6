#include "common/plan/job_list.h"

#include "common/base/digest.h"
#include "common/plan/versions.h"

namespace eida::plan {

Fingerprint FingerprintOf(JobKind kind, Json spec,
                          const std::vector<std::pair<ParentEdge, Fingerprint>>& parents) {
  if (const auto checkpoint = spec.find("checkpoint"); checkpoint != spec.end())
    checkpoint->erase("every");
  Json of_parents = Json::object();
  for (const auto& [edge, fingerprint] : parents)
    of_parents[edge.role] = {edge.artifact, fingerprint.str()};
  const Json all = {{"kind", ToString(kind)},
                    {"version", CodeVersion(kind)},
                    {"spec", std::move(spec)},
                    {"parents", std::move(of_parents)}};
  return Fingerprint(DigestOf(Canonical(all)).str());
}

JobId JobList::Add(NewJob job) {
  std::vector<std::pair<ParentEdge, Fingerprint>> parents;
  for (const ParentEdge& edge : job.parents)
    parents.emplace_back(edge, at(edge.parent).spec.fingerprint);
  JobRecord record;
  record.spec.fingerprint = FingerprintOf(job.kind, job.spec, parents);
  const auto [known, fresh] = by_fingerprint_.emplace(
      record.spec.fingerprint, JobId(static_cast<int64_t>(jobs_.size()) + 1));
  if (!fresh) return known->second;
  record.spec.id = known->second;
  record.spec.run = job.run;
  record.spec.kind = job.kind;
  const int nth = ++named_[job.name];
  record.spec.name = nth == 1 ? job.name : job.name + "#" + std::to_string(nth);
  record.spec.spec = Canonical(job.spec);
  record.spec.inputs = std::move(job.inputs);
  record.spec.parents = std::move(job.parents);
  for (ParentEdge& edge : job.shortcuts) {
    edge.shortcut = true;
    record.spec.parents.push_back(std::move(edge));
  }
  record.spec.bundle_key = std::move(job.bundle_key);
  record.spec.cost = job.cost;
  record.spec.slots = job.slots;
  record.spec.quorum = job.quorum;
  record.status.state = record.spec.parents.empty() ? JobState::kReady : JobState::kBlocked;
  jobs_.push_back(std::move(record));
  return known->second;
}

}  // namespace eida::plan
