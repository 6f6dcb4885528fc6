// Messages between workers and the coordinator <-> proto. FromProto answers InvalidArgument naming
// message, field and value.
#pragma once

#include <string>
#include <vector>

#include "common/domain/messages.h"
#include "common/wire/records.h"
#include "eida/v1/worker.pb.h"

namespace eida::wire {

// What Report carries: who speaks, and what its attempts have to say.
struct ReportBatch {
  WorkerId worker;
  std::string session;
  std::vector<JobReport> reports;
};

v1::SyncRequest ToProto(const SyncRequest& request);
v1::SyncReply ToProto(const SyncReply& reply);
v1::Grant ToProto(const Grant& grant);
v1::JobReport ToProto(const JobReport& report);
v1::ReportRequest ToProto(const ReportBatch& batch);
v1::ReportReply ToProto(const std::vector<ReportVerdict>& verdicts);

Result<SyncRequest> FromProto(const v1::SyncRequest& message);
Result<SyncReply> FromProto(const v1::SyncReply& message);
Result<Grant> FromProto(const v1::Grant& message);
Result<JobReport> FromProto(const v1::JobReport& message);
Result<ReportBatch> FromProto(const v1::ReportRequest& message);
// `expected` = how many reports were sent; a reply of another length is Internal.
Result<std::vector<ReportVerdict>> FromProto(const v1::ReportReply& message, size_t expected);

}  // namespace eida::wire
