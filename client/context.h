// What a verb is given: the global options, where to write, and a way to the coordinator.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/api.h"
#include "client/output/format.h"
#include "client/output/style.h"
#include "common/base/clock.h"

namespace eida::client {

struct Options {
  std::string server, token_file, cacert;
  std::string output = "table";
  std::string color = "auto";
  bool no_headers = false, quiet = false, yes = false;
  int verbose = 0;
  std::string timeout;  // as typed
  Millis limit{0};      // the same; 0 = none
};

// How a verb reaches a coordinator.
enum class Need {
  kExisting,  // --server, or the project's embedded one (its state must exist)
  kWorkers,   // the same, with workers when it is embedded
  kProject,   // kWorkers, and .eida/ is made when there is none
};

class Session {
 public:
  virtual ~Session() = default;
  virtual Api& api() = 0;
  virtual bool embedded() const = 0;
  // The project's state directory; "" when not embedded.
  virtual std::string directory() const = 0;
  // Stops workers in good order (runners checkpoint), then the coordinator. Called by the
  // destructor too.
  virtual void Stop() = 0;
};

struct Context {
  Options options;
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool out_tty = false, err_tty = false;
  int width = 80;
  Env env = [](const char*) { return std::string(); };
  const Clock* clock = &Clock::System();
  std::function<Result<std::unique_ptr<Session>>(const Options&, Need)> connect;
  // Ctrl-C was pressed this often.
  std::function<int()> interrupts = [] { return 0; };
  // Set by the verb that was chosen; run after parsing. Returns the exit code.
  std::function<int(Context&)> chosen;

  render::TerminalStyle Style() const;  // of stdout
  bool ErrColor() const { return UsesColor(options.color, err_tty, env); }
  Printer printer() { return Printer(out, options.output, options.no_headers); }
};

// INTERFACE section 1.2.
enum Exit : int {
  kOk = 0,
  kOther = 1,
  kUsage = 2,
  kNotFound = 3,
  kAuth = 4,
  kConflict = 5,
  kUnreachable = 6,
  kEndedBadly = 7,
  kPartial = 8,
  kTimeout = 124,
  kInterrupted = 130
};
int ExitCodeOf(const Status& status);

// Prints `error: ...` on stderr (and {"error": ..} on stdout in JSON mode) and gives the exit code.
int Fail(Context& context, const Status& status);
// A line on stderr that says what one could do next; not with -q.
void SuggestNext(Context& context, const std::string& commands);

// The verbs of commands.def, in that order.
struct VerbInfo {
  std::string name, group, help;
};
const std::vector<VerbInfo>& AllVerbs();
// Registers each of them.
void RegisterCommands(CLI::App& app, Context& context);
// Builds the whole program; tests parse with it.
void BuildApp(CLI::App& app, Context& context);
// Parses and runs; the exit code.
int RunMain(Context& context, std::vector<std::string> arguments);

}  // namespace eida::client
