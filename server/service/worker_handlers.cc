#include <set>

#include "common/wire/messages.h"
#include "server/service/handlers.h"

namespace eida::service {

uint64_t WorkerHandlers::Sync(const v1::SyncRequest& request, Done<v1::SyncReply> done) {
  Result<SyncRequest> mapped = wire::FromProto(request);
  if (!mapped.ok()) {
    done(mapped.status());
    return 0;
  }
  return scheduler_.Sync(std::move(*mapped),
                         [done = std::move(done)](const Result<SyncReply>& reply) {
                           if (!reply.ok()) return done(reply.status());
                           done(wire::ToProto(*reply));
                         });
}

void WorkerHandlers::Report(const v1::ReportRequest& request, Done<v1::ReportReply> done) {
  Result<wire::ReportBatch> batch = wire::FromProto(request);
  if (!batch.ok()) return done(batch.status());
  std::set<Digest> known;
  const auto check = [&](const JobReport& report, const ArtifactRef& artifact) -> Status {
    if (!known.insert(artifact.digest).second) return OkStatus();
    EIDA_ASSIGN_OR_RETURN(const bool there, content_.Has(artifact.digest));
    if (there) return OkStatus();
    return FailedPrecondition("report of job " + report.job.ToString() + ": artifact \"" +
                              artifact.name + "\" " + artifact.digest.str() +
                              " is not in the store; put it there, then report again");
  };
  for (const JobReport& report : batch->reports) {
    for (const ReportItem& item : report.items) {
      Status status;
      if (const auto* made = std::get_if<CheckpointMade>(&item))
        status = check(report, made->artifact);
      if (const auto* finished = std::get_if<Finished>(&item)) {
        for (const ArtifactRef& artifact : finished->artifacts) {
          if (status.ok()) status = check(report, artifact);
        }
      }
      if (!status.ok()) return done(status);
    }
  }
  scheduler_.Report(std::move(batch->worker), std::move(batch->session), std::move(batch->reports),
                    [done = std::move(done)](const Result<std::vector<ReportVerdict>>& verdicts) {
                      if (!verdicts.ok()) return done(verdicts.status());
                      done(wire::ToProto(*verdicts));
                    });
}

void WorkerHandlers::Leave(const v1::LeaveRequest& request, Done<v1::LeaveReply> done) {
  scheduler_.Leave(WorkerId(request.worker()), request.session(),
                   [done = std::move(done)](const Result<bool>& result) {
                     if (!result.ok()) return done(result.status());
                     done(v1::LeaveReply());
                   });
}

}  // namespace eida::service
