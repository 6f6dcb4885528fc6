// What `eidactl get` lists, one function a kind of thing: asks, and prints in the format of -o.
#pragma once

#include "client/context.h"
#include "client/scope.h"

namespace eida::client {

struct ListRequest {
  std::string selector, select;  // as Scope::Find takes them; "" = each list's default
};

Result<int> ListSweeps(Context& context, Api& api, const ListRequest& request);
Result<int> ListRuns(Context& context, Api& api, const ListRequest& request);
Result<int> ListJobs(Context& context, Api& api, const ListRequest& request);
Result<int> ListCheckpoints(Context& context, Api& api, const ListRequest& request);
// The matrix jobs of the sweep's analyses, and its soups: state and what came out.
Result<int> ListAnalyses(Context& context, Api& api, const ListRequest& request);
// Every pair of these matrices, or why it is missing, with what its value rests on.
Result<int> ListPairs(Context& context, Api& api, const ListRequest& request);
Result<int> ListSoups(Context& context, Api& api, const ListRequest& request);
// What the sweeps name, one row per content; of all sweeps unless some are selected.
Result<int> ListModels(Context& context, Api& api, const ListRequest& request);
Result<int> ListDatasets(Context& context, Api& api, const ListRequest& request);
Result<int> ListWorkers(Context& context, Api& api, const ListRequest& request);
Result<int> ListEvents(Context& context, Api& api, const ListRequest& request);

// From `from` to `to` (0 = `now`) for people; "-" when it has not begun.
std::string Took(int64_t from_ms, int64_t to_ms, int64_t now_ms);
// A finished job's summary; an empty object before that.
Json SummaryJson(const v1::Job* job);

}  // namespace eida::client
