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

// Of several things that were asked for some may fail: each error is told, the rest goes on.
class Bulk {
 public:
  explicit Bulk(Context& context) : context_(context) {}
  void Worked() { ++worked_; }
  void Failed(const Status& status) {
    if (status_.ok())
      status_ = status;
    else
      *context_.err << "error: " << Message(status) << "\n";
  }
  // Whether anything worked; when nothing did, `status` is the verb's own answer.
  bool any() const { return worked_ > 0; }
  const Status& status() const { return status_; }
  // 0, or 8 when a part failed, whose first error is told now.
  int code() const {
    if (status_.ok()) return kOk;
    *context_.err << "error: " << Message(status_) << "\n";
    return kPartial;
  }

 private:
  Context& context_;
  int64_t worked_ = 0;
  Status status_;
};

}  // namespace eida::client
