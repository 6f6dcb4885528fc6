#include "client/commands/verb.h"
#include "client/follow.h"
#include "client/scope.h"
#include "common/wire/json.h"

namespace eida::client {
namespace {

// Without the sweep file, which does not change while one watches.
Json StateJson(v1::SweepProgress progress) {
  progress.mutable_sweep()->clear_source();
  progress.mutable_sweep()->clear_resolved();
  return wire::ToJson(progress);
}

Result<int> Watch(Context& c, Api& api, const std::string& selector) {
  EIDA_ASSIGN_OR_RETURN(const v1::Sweep found, FindSweep(api, selector));
  FollowOptions options;
  options.live = true;
  Json before;
  if (c.printer().jsonl()) {
    options.seen = [&](const v1::SweepProgress& progress) {
      Json state = StateJson(progress);
      if (state == before) return;
      c.printer().Line(state);
      before = std::move(state);
    };
  }
  EIDA_ASSIGN_OR_RETURN(const FollowResult result, Follow(c, api, SweepId(found.id()), options));
  if (!c.printer().jsonl() && !result.timed_out) {
    const std::string state = StateText(result.last.sweep().state());
    const std::string text =
        "s" + std::to_string(found.id()) + " (" + found.name() + ") " + state + "\n";
    Json json = StateJson(result.last);
    if (c.printer().csv()) json = {{"sweep", found.id()}, {"name", found.name()}, {"state", state}};
    c.printer().Object("Progress", json, c.options.quiet ? "" : text);
  }
  const int code = EndedCode(c, result);
  if (code == kOk) SuggestNext(c, "eidactl summary s" + std::to_string(found.id()));
  return code;
}

}  // namespace

void Register_watch(CLI::App* app, Context& context) {
  auto sweep = std::make_shared<std::string>("last");
  app->add_option("SWEEP", *sweep, "Which sweep (last)");
  OnChosen(app, context, [sweep](Context& c) {
    return WithSession(c, Need::kWorkers, [&](Session& s) { return Watch(c, s.api(), *sweep); });
  });
}

}  // namespace eida::client
