// From a submitted file and the content that it names to a plan.
#pragma once

#include <string>
#include <vector>

#include "common/domain/change.h"
#include "eida/v1/sweep.pb.h"
#include "server/service/ports.h"

namespace eida::service {

struct Planned {
  AddSweep plan;  // ids local to the plan
  std::vector<std::string> warnings;
};

// A seam: handlers are tested without sweep files. Thread-safe.
class Planner {
 public:
  virtual ~Planner() = default;
  // InvalidArgument holds all diagnostics of the file, rendered; FailedPrecondition names content
  // that is not in the store.
  virtual Result<Planned> Plan(const v1::SubmitRequest& request) = 0;
  // The export job of one run or soup of a planned sweep; its parents carry the ids found in
  // `jobs`.
  virtual Result<JobRecord> PlanExport(const std::vector<JobRecord>& jobs,
                                       const std::vector<RunRecord>& runs,
                                       const v1::ExportRequest& request) = 0;
};

// Reads the file with common/spec and plans with common/plan; the model's facts come out of the
// stored content.
class SweepPlanner : public Planner {
 public:
  explicit SweepPlanner(Content& content) : content_(content) {}
  Result<Planned> Plan(const v1::SubmitRequest& request) override;
  Result<JobRecord> PlanExport(const std::vector<JobRecord>& jobs,
                               const std::vector<RunRecord>& runs,
                               const v1::ExportRequest& request) override;

 private:
  Content& content_;
};

}  // namespace eida::service
