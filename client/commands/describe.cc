#include "client/commands/verb.h"
#include "client/select.h"
#include "common/base/text.h"
#include "common/wire/enums.h"
#include "common/wire/json.h"

namespace eida::client {
namespace {

std::string Line(const std::string& key, const std::string& value) {
  return value.empty() ? "" : render::FitTo(key, 14) + value + "\n";
}

template <class E>
std::string Text(int value) {
  const auto parsed = wire::EnumFromProto<E>(value, "state");
  return parsed.ok() ? ToString(*parsed) : "-";
}

std::string Indented(const std::string& json) {
  const Result<Json> value = ParseJson(json.empty() ? "null" : json, "");
  return value.ok() && !value->is_null() ? Pretty(*value) : "";
}

Result<int> DescribeSweep(Context& c, Api& api, const std::string& selector) {
  EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(api, selector, false));
  const v1::Sweep& s = data.sweep;
  std::string text =
      Line("sweep", "s" + std::to_string(s.id())) + Line("name", s.name()) +
      Line("description", s.description()) + Line("state", Text<SweepState>(s.state())) +
      Line("created", FormatTime({s.created_ms()})) +
      Line("finished", FormatTime({s.finished_ms()})) + Line("fingerprint", s.fingerprint());
  for (const auto& [key, value] : s.labels()) text += Line("label", key + "=" + value);
  std::vector<std::string> counts;
  for (const auto& [state, n] : s.jobs_by_state())
    counts.push_back(std::to_string(n) + " " + state);
  text += Line("jobs", Join(counts, ", ")) + Line("runs", std::to_string(data.runs.size())) + "\n" +
          s.source();
  c.printer().Object("Sweep", wire::ToJson(s), text);
  return static_cast<int>(kOk);
}

Result<int> DescribeJob(Context& c, Api& api, const std::string& selector) {
  EIDA_ASSIGN_OR_RETURN(const FoundJob found, FindJob(api, selector));
  const v1::Job& j = found.job;
  std::string text =
      Line("job", "j" + std::to_string(j.id())) + Line("name", j.name()) +
      Line("sweep", "s" + std::to_string(j.sweep()) + " (" + found.data.sweep.name() + ")") +
      Line("kind", Text<JobKind>(j.kind())) + Line("state", Text<JobState>(j.state())) +
      Line("attempt", std::to_string(j.attempt())) + Line("worker", j.worker()) +
      Line("created", FormatTime({j.created_ms()})) +
      Line("started", FormatTime({j.started_ms()})) +
      Line("finished", FormatTime({j.finished_ms()})) + Line("fingerprint", j.fingerprint());
  if (j.reused_from() > 0) text += Line("reused from", "j" + std::to_string(j.reused_from()));
  if (j.cause() > 0) text += Line("because of", "j" + std::to_string(j.cause()));
  if (!j.error_message().empty())
    text += Line("error", Text<ErrorClass>(j.error()) + ": " + j.error_message());
  for (const v1::ParentEdge& parent : j.parents())
    text += Line("input", parent.role() + " = " + parent.artifact() + " of j" +
                              std::to_string(parent.parent()));
  for (const v1::Artifact& artifact : j.artifacts())
    text += Line("artifact", artifact.name() + " (" + artifact.kind() + ", " +
                                 FormatBytes(artifact.size()) + ", " +
                                 artifact.digest().substr(0, 12) + ")");
  text += "\nsummary\n" + Indented(j.summary()) + "\nspec\n" + Indented(j.spec());
  v1::ListEventsRequest request;
  request.set_sweep(j.sweep());
  request.set_job(j.id());
  EIDA_ASSIGN_OR_RETURN(const v1::ListEventsReply events, api.ListEvents(request));
  text += "\nevents\n";
  for (const v1::Event& e : events.events())
    text += "  " + FormatTime({e.at_ms()}) + "  " + e.type() +
            (e.worker().empty() ? "" : " on " + e.worker()) +
            (e.message().empty() ? "" : ": " + e.message()) + "\n";
  c.printer().Object("Job", wire::ToJson(j), text);
  return static_cast<int>(kOk);
}

}  // namespace

void Register_describe(CLI::App* app, Context& context) {
  auto what = std::make_shared<std::string>();
  app->add_option("WHAT", *what, "sweep/s1 or s1, run/lora-r8/seed1, job/j17 or j17")->required();
  OnChosen(app, context, [what](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& s) -> Result<int> {
      for (const auto& [prefix, sweep] :
           {std::pair<std::string, bool>{"sweep/", true}, {"run/", false}, {"job/", false}}) {
        if (what->rfind(prefix, 0) == 0)
          return sweep ? DescribeSweep(c, s.api(), what->substr(prefix.size()))
                       : DescribeJob(c, s.api(), what->substr(prefix.size()));
      }
      if (FindSweep(s.api(), *what).ok()) return DescribeSweep(c, s.api(), *what);
      return DescribeJob(c, s.api(), *what);
    });
  });
}

}  // namespace eida::client
