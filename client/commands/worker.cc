#include "client/commands/verb.h"
#include "client/lists.h"

namespace eida::client {

void Register_worker(CLI::App* app, Context& context) {
  struct Arguments {
    std::string action = "list", id;
  };
  auto a = std::make_shared<Arguments>();
  app->add_option("ACTION", a->action, "list, drain or undrain")
      ->check(CLI::IsMember({"list", "drain", "undrain"}));
  app->add_option("WORKER", a->id, "Which worker, for drain and undrain");
  OnChosen(app, context, [a](Context& c) {
    if (a->action != "list" && a->id.empty())
      return Fail(c, InvalidArgument("eidactl worker " + a->action +
                                     " needs a worker: `eidactl worker list` shows them"));
    return WithSession(c, Need::kExisting, [&](Session& session) -> Result<int> {
      if (a->action == "list") return ListWorkers(c, session.api(), {});
      v1::DrainWorkerRequest request;
      request.set_worker(a->id);
      request.set_undrain(a->action == "undrain");
      EIDA_ASSIGN_OR_RETURN([[maybe_unused]] const v1::DrainWorkerReply reply,
                            session.api().DrainWorker(request));
      c.printer().Object(
          "Worker", {{"worker", a->id}, {"draining", !request.undrain()}},
          a->id + (request.undrain() ? ": takes new work again\n"
                                     : ": finishes what it has and takes nothing new\n"));
      return static_cast<int>(kOk);
    });
  });
}

}  // namespace eida::client
