// What a plan is made of, in the order in which it is added: each function is a file, each file one
// kind of thing that a sweep asks for.
#pragma once

#include "common/plan/draft.h"

namespace eida::plan {

// Runs and their training jobs. InvalidArgument naming a variant that does not fit the model.
Status AddRuns(Draft& draft);

// What a model writes for the reported split, when the sweep asks for texts: a run, or (run 0) a
// soup of runs. `model` is its name in the job's.
void AddTexts(const std::string& model, RunId run, const ParentEdge& weights, Draft& draft);

// A matrix job over pairs of runs, and what it reads: paths between them, or a gram of each.
Status AddAnalysis(const spec::AnalysisSpec& analysis, Draft& draft);

// A soup, the evaluations that it reads, and the paths that spare it work. InvalidArgument naming
// the member and the map for a rank that cannot be.
Status AddSoup(const spec::SoupSpec& soup, Draft& draft);

// Token statistics of the base model or of each selected run.
Status AddObservation(const spec::ObservationSpec& observation, Draft& draft);

}  // namespace eida::plan
