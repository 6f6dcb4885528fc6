// New jobs: what is asked of them and the state that they begin in.
#pragma once

#include <string>

#include "common/base/status.h"
#include "server/sched/step.h"

namespace eida::sched {

// InvalidArgument when the job asks for what no lease can give; `what` says where it comes from.
// More slots than any worker has today is no such thing: a larger worker may come.
Status CheckNewJob(const JobSpec& spec, const std::string& what);
// InvalidArgument when the parent has a quorum: nothing may rest on a result that is not for ever.
Status CheckInput(const JobSpec& spec, const ParentEdge& edge, const JobSpec& parent,
                  const std::string& what);
// The first status: succeeded when a twin has succeeded, else ready or blocked. REQUIRES: no parent
// that it needs is lost.
// REQUIRES: inserted, and so are all children of the same batch.
void BeBorn(Step& step, Job& job);
// Enters the state that BeBorn chose into indexes and metrics.
void EnterNewJob(Step& step, Job& job);

}  // namespace eida::sched
