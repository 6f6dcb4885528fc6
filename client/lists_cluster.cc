#include <set>

#include "client/lists.h"
#include "common/base/text.h"
#include "common/wire/enums.h"
#include "common/wire/json.h"

namespace eida::client {

using render::Align;

Result<int> ListEvents(Context& c, Api& api, const ListRequest& request) {
  EIDA_ASSIGN_OR_RETURN(const Scope scope,
                        Scope::Find(api, request.selector, request.select, false));
  const bool narrow = !request.select.empty() || request.selector.find('/') != std::string::npos ||
                      IsRunSelection(request.selector);
  render::Table table{
      {{"at"}, {"type"}, {"job"}, {"attempt", Align::kRight}, {"worker"}, {"message"}}, {}};
  std::vector<Json> items;
  for (const SweepData& data : scope.sweeps()) {
    v1::ListEventsRequest list;
    list.set_sweep(data.sweep.id());
    for (;;) {
      EIDA_ASSIGN_OR_RETURN(const v1::ListEventsReply reply, api.ListEvents(list));
      for (const v1::Event& e : reply.events()) {
        list.set_after(e.id());
        const v1::Job* job = data.JobOf(e.job());
        if (narrow && (job == nullptr || !scope.Has(data, *job))) continue;
        table.rows.push_back({FormatTime({e.at_ms()}), e.type(),
                              e.job() > 0 ? "j" + std::to_string(e.job()) : "-",
                              e.attempt() > 0 ? std::to_string(e.attempt()) : "-",
                              e.worker().empty() ? "-" : e.worker(), e.message()});
        items.push_back(wire::ToJson(e));
      }
      if (reply.events().empty()) break;
    }
  }
  c.printer().List("Event", table, items);
  return static_cast<int>(kOk);
}

Result<int> ListWorkers(Context& c, Api& api, const ListRequest&) {
  EIDA_ASSIGN_OR_RETURN(const v1::ListWorkersReply reply, api.ListWorkers({}));
  render::Table table{{{"worker"},
                       {"state"},
                       {"slots", Align::kRight},
                       {"busy", Align::kRight},
                       {"host"},
                       {"version"},
                       {"seen"},
                       {"jobs"}},
                      {}};
  std::vector<Json> items;
  const int64_t now = c.clock->Read().wall.ms;
  for (const v1::Worker& w : reply.workers()) {
    int busy = 0;
    std::vector<std::string> jobs;
    std::set<int64_t> leases;  // one that holds several slots is named once
    for (const v1::Slot& slot : w.slots()) {
      busy += slot.lease() > 0;
      if (slot.lease() > 0 && leases.insert(slot.lease()).second)
        jobs.insert(jobs.end(), slot.jobs().begin(), slot.jobs().end());
    }
    const auto state = wire::EnumFromProto<WorkerState>(w.state(), "state");
    table.rows.push_back({w.id(), state.ok() ? ToString(*state) : "-",
                          std::to_string(w.slots_size()), std::to_string(busy), w.host(),
                          w.version(), Ago(w.last_seen_ms(), now), Ellipsis(Join(jobs, " "), 60)});
    items.push_back(wire::ToJson(w));
  }
  c.printer().List("Worker", table, items);
  return static_cast<int>(kOk);
}

}  // namespace eida::client
