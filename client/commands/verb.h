// What most verbs begin with.
#pragma once

#include "client/context.h"

namespace eida::client {

// Sets what runs when this verb was chosen. `body` returns the exit code.
inline void OnChosen(CLI::App* app, Context& context, std::function<int(Context&)> body) {
  app->callback([&context, body = std::move(body)] { context.chosen = body; });
}

// Opens a session and runs `body` with it; errors are printed.
inline int WithSession(Context& context, Need need,
                       const std::function<Result<int>(Session&)>& body) {
  Result<std::unique_ptr<Session>> session = context.connect(context.options, need);
  if (!session.ok()) return Fail(context, session.status());
  const Result<int> code = body(**session);
  const int exit = code.ok() ? *code : Fail(context, code.status());
  (*session)->Stop();
  return exit;
}

}  // namespace eida::client
