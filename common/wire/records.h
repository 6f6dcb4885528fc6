// Domain records <-> proto. ToProto maps every field that the proto has; FromProto checks what came
// from outside (enum numbers, digests) and answers InvalidArgument naming message, field and value.
// Stateless.
#pragma once

#include "common/base/status.h"
#include "common/domain/messages.h"
#include "common/domain/records.h"
#include "eida/v1/types.pb.h"

namespace eida::wire {

// How many jobs of a sweep are in each state; key = text of the state.
using JobCounts = std::map<std::string, int64_t>;

v1::Artifact ToProto(const ArtifactRef& artifact);
v1::JobInput ToProto(const JobInput& input);
v1::ParentEdge ToProto(const ParentEdge& edge);
v1::MetricPoint ToProto(const MetricPoint& point);
v1::Progress ToProto(const Progress& progress);
v1::LogLine ToProto(const LogLine& line);
v1::Event ToProto(const EventRecord& event);
v1::Checkpoint ToProto(const CheckpointRecord& checkpoint);
v1::Run ToProto(const RunRecord& run);
// `progress` is live and not part of the record; it is left out for jobs that do not run.
v1::Job ToProto(const JobRecord& job, const Progress* progress = nullptr);
v1::Sweep ToProto(const SweepRecord& sweep, const JobCounts& jobs_by_state);
// `lease` and `jobs` (names) are live and not part of the record.
v1::Slot ToProto(const SlotInfo& slot, LeaseId lease = {},
                 const std::vector<std::string>& jobs = {});
v1::Worker ToProto(const WorkerRecord& worker);

Result<ArtifactRef> FromProto(const v1::Artifact& message);
Result<JobInput> FromProto(const v1::JobInput& message);
ParentEdge FromProto(const v1::ParentEdge& message);
MetricPoint FromProto(const v1::MetricPoint& message);
Progress FromProto(const v1::Progress& message);
LogLine FromProto(const v1::LogLine& message);
EventRecord FromProto(const v1::Event& message);
Result<CheckpointRecord> FromProto(const v1::Checkpoint& message);
RunRecord FromProto(const v1::Run& message);
Result<JobRecord> FromProto(const v1::Job& message);
Result<SweepRecord> FromProto(const v1::Sweep& message);
SlotInfo FromProto(const v1::Slot& message);
// A state that is not set reads as idle: a worker does not say its own state.
Result<WorkerRecord> FromProto(const v1::Worker& message);

}  // namespace eida::wire
