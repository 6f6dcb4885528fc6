#include "client/commands/verb.h"

namespace eida::client {

void Register_version(CLI::App* app, Context& context) {
  OnChosen(app, context, [](Context& c) {
    c.printer().Object("Version", {{"version", EIDA_VERSION}},
                       std::string("eidactl ") + EIDA_VERSION + "\n");
    return static_cast<int>(kOk);
  });
}

}  // namespace eida::client
