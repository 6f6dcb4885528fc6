#include "client/commands/verb.h"
#include "common/spec/fields.h"

namespace eida::client {

void Register_schema(CLI::App* app, Context& context) {
  OnChosen(app, context, [](Context& c) {
    const Json schema = spec::SweepSchema();
    c.printer().Object("Schema", schema, Pretty(schema));
    return static_cast<int>(kOk);
  });
}

}  // namespace eida::client
