#include "client/lists.h"
#include "common/base/text.h"
#include "common/wire/json.h"

namespace eida::client {
namespace {

using render::Align;

std::string Number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_number() ? "-" : FormatFixed(found->get<double>(), 4);
}

Json SpecOf(const v1::Job& job) {
  const Result<Json> spec = ParseJson(job.spec().empty() ? "{}" : job.spec(), job.name());
  return spec.ok() && spec->is_object() ? *spec : Json::object();
}

// One row per matrix or soup job; `describe` fills the cells after the state.
Result<int> ListJobsOf(
    Context& c, Api& api, const ListRequest& request, v1::JobKind kind, const std::string& word,
    const std::vector<render::Column>& columns,
    const std::function<std::vector<std::string>(const Json& spec, const Json& summary)>& cells) {
  EIDA_ASSIGN_OR_RETURN(const Scope scope,
                        Scope::Find(api, request.selector, request.select, true));
  render::Table table{{{"sweep"}, {"name"}, {"job"}, {"state"}}, {}};
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  std::vector<Json> items;
  for (const SweepData& data : scope.sweeps()) {
    for (const v1::Job& job : data.jobs) {
      if (job.kind() != kind || !scope.Has(data, job)) continue;
      const std::string name = job.name().substr(job.name().find('/') + 1);
      const Json spec = SpecOf(job), summary = SummaryJson(&job);
      std::vector<std::string> row = {data.Id(), name, "j" + std::to_string(job.id()),
                                      StateText(job.state())};
      for (std::string& cell : cells(spec, summary)) row.push_back(std::move(cell));
      table.rows.push_back(std::move(row));
      items.push_back({{"sweep", data.sweep.id()},
                       {"name", name},
                       {"job", job.id()},
                       {"state", StateText(job.state())},
                       {"metric", spec.value("metric", Json())},
                       {"type", spec.value("type", Json())},
                       {"members", spec.value("members", Json::array())},
                       {"summary", summary.empty() ? Json() : summary}});
    }
  }
  c.printer().List(word, table, items);
  return static_cast<int>(kOk);
}

}  // namespace

Result<int> ListCheckpoints(Context& c, Api& api, const ListRequest& request) {
  EIDA_ASSIGN_OR_RETURN(const Scope scope,
                        Scope::Find(api, request.selector, request.select, false));
  render::Table table{{{"job"},
                       {"run"},
                       {"attempt", Align::kRight},
                       {"step", Align::kRight},
                       {"size", Align::kRight},
                       {"at"},
                       {"digest"}},
                      {}};
  std::vector<Json> items;
  for (const SweepData& data : scope.sweeps()) {
    v1::ListCheckpointsRequest list;
    list.set_sweep(data.sweep.id());
    EIDA_ASSIGN_OR_RETURN(const v1::ListCheckpointsReply reply, api.ListCheckpoints(list));
    for (const v1::Checkpoint& k : reply.checkpoints()) {
      const v1::Job* job = data.JobOf(k.job());
      if (job != nullptr && !scope.Has(data, *job)) continue;
      const v1::Run* run = job == nullptr ? nullptr : data.RunOf(*job);
      table.rows.push_back({"j" + std::to_string(k.job()), run == nullptr ? "-" : run->name(),
                            std::to_string(k.attempt()), std::to_string(k.step()),
                            FormatBytes(k.artifact().size()), FormatTime({k.at_ms()}),
                            k.artifact().digest().substr(0, 12)});
      items.push_back(wire::ToJson(k));
    }
  }
  c.printer().List("Checkpoint", table, items);
  return static_cast<int>(kOk);
}

Result<int> ListAnalyses(Context& c, Api& api, const ListRequest& request) {
  return ListJobsOf(c, api, request, v1::JOB_KIND_MATRIX, "Analysis",
                    {{"metric"},
                     {"members", Align::kRight},
                     {"pairs", Align::kRight},
                     {"missing", Align::kRight},
                     {"mean", Align::kRight},
                     {"min", Align::kRight},
                     {"max", Align::kRight}},
                    [](const Json& spec, const Json& summary) -> std::vector<std::string> {
                      return {GetOr<std::string>(spec, "metric", "-"),
                              std::to_string(spec.value("members", Json::array()).size()),
                              std::to_string(spec.value("pairs", Json::array()).size()),
                              std::to_string(GetOr<int64_t>(summary, "missing", 0)),
                              Number(summary, "mean"),
                              Number(summary, "min"),
                              Number(summary, "max")};
                    });
}

Result<int> ListSoups(Context& c, Api& api, const ListRequest& request) {
  return ListJobsOf(c, api, request, v1::JOB_KIND_SOUP, "Soup",
                    {{"type"},
                     {"candidates", Align::kRight},
                     {"accepted", Align::kRight},
                     {"select loss", Align::kRight},
                     {"report loss", Align::kRight},
                     {"evaluations", Align::kRight},
                     {"naively", Align::kRight}},
                    [](const Json& spec, const Json& summary) -> std::vector<std::string> {
                      const Json accepted = summary.value("accepted", Json()),
                                 passes = summary.value("evaluations", Json::object());
                      return {GetOr<std::string>(spec, "type", "-"),
                              std::to_string(spec.value("members", Json::array()).size()),
                              accepted.is_number() ? accepted.dump() : "-",
                              Number(summary.value("select", Json::object()), "loss"),
                              Number(summary.value("report", Json::object()), "loss"),
                              passes.contains("done") ? passes["done"].dump() : "-",
                              passes.contains("naive") ? passes["naive"].dump() : "-"};
                    });
}

}  // namespace eida::client
