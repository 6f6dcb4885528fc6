#include "client/new_model.h"

#include <csignal>
#include <thread>

#include "common/base/fs.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace eida::client {
namespace {

Status CheckFamily(const std::string& family) {
  const std::vector<std::string> families = catalog::Ids(catalog::Models());
  for (const std::string& known : families) {
    if (family == known) return OkStatus();
  }
  const std::string meant = Nearest(family, families);
  return InvalidArgument("there is no model family \"" + family + "\"" +
                         (meant.empty() ? "" : "; did you mean \"" + meant + "\"?") +
                         " Families: " + Join(families, ", "));
}

// The texts under roles whose order is the command line's.
Result<Json> InputsOf(const std::vector<std::string>& texts) {
  if (texts.empty())
    return InvalidArgument("a tokenizer learns from texts: name .txt or .tsv files with --text");
  Json inputs = Json::object();
  for (const std::string& text : texts) {
    if (!text.ends_with(".txt") && !text.ends_with(".tsv"))
      return InvalidArgument(text +
                             ": --text takes .txt files (a text a line) and .tsv files (a "
                             "header line, then every column's texts)");
    if (!FileExists(text) || IsDirectory(text))
      return NotFound("--text " + text + ": no such file");
    EIDA_ASSIGN_OR_RETURN(const std::string path, AbsolutePath(text));
    const std::string number = std::to_string(1'000'000 + inputs.size()).substr(1);
    inputs["text/" + number] = path;
  }
  return inputs;
}

// The summary of the `done` event; else the status of the `error` event.
Result<Json> Outcome(const std::string& events, const ExitStatus& exit, const std::string& log) {
  const Result<std::string> text = ReadFile(events);
  for (const std::string& line : Split(text.ok() ? *text : "", '\n')) {
    const Result<Json> event = ParseJson(line, "eida-runner");
    if (!event.ok() || !event->is_object()) continue;
    const auto type = GetOr<std::string>(*event, "event", "");
    if (type == "done") return event->value("summary", Json::object());
    if (type != "error") continue;
    const auto message = GetOr<std::string>(*event, "message", "");
    const auto kind = GetOr<std::string>(*event, "class", "");
    return kind == "config" || kind == "data" ? InvalidArgument(message)
                                              : FailedPrecondition(message);
  }
  const Result<std::string> said = ReadFile(log);
  return FailedPrecondition("eida-runner ended without a word (" + exit.ToString() +
                            "): " + std::string(Trim(said.ok() ? *said : "")));
}

Result<ExitStatus> RunToEnd(const Context& context, const SubprocessOptions& options) {
  EIDA_ASSIGN_OR_RETURN(Subprocess runner, Subprocess::Start(options));
  const TimePoint start = context.clock->Read().mono;
  while (true) {
    if (const std::optional<ExitStatus> exit = runner.Poll()) return *exit;
    if (context.interrupts() > 0) return absl::CancelledError("stopped by Ctrl-C");
    const Millis limit = context.options.limit;
    if (limit.count() > 0 && context.clock->Read().mono - start >= limit)
      return DeadlineExceeded("--timeout " + context.options.timeout + " passed");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace

Result<Json> MakeNewModel(const Context& context, const NewModel& model) {
  EIDA_RETURN_IF_ERROR(CheckFamily(model.family));
  EIDA_ASSIGN_OR_RETURN(const Json inputs, InputsOf(model.texts));
  const std::string program = JoinPath(ProgramDir(), "eida-runner");
  if (!FileExists(program))
    return NotFound(
        program +
        " is not there, and models are made by it: eidactl and eida-runner belong into one "
        "directory; a build without torch has no runner");
  EIDA_ASSIGN_OR_RETURN(const std::string out, AbsolutePath(model.out));
  const TempDir scratch("eida-new");
  const auto in_scratch = [&](const char* name) { return JoinPath(scratch.path(), name); };
  const Json job = {
      {"job", 1},
      {"kind", "new_model"},
      {"name", "new model " + model.family},
      {"spec", {{"family", model.family}, {"seed", model.seed}, {"sizes", model.sizes}}},
      {"inputs", inputs},
      {"out", out}};
  const Json file = {{"format", "eida/job/v1"}, {"jobs", Json::array({job})}};
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(in_scratch("job.json"), file.dump()));
  SubprocessOptions options;
  options.argv = {program, in_scratch("job.json"), "--log-level", "warn"};
  options.stdout_path = in_scratch("events");
  options.stderr_path = in_scratch("log");
  EIDA_ASSIGN_OR_RETURN(const ExitStatus exit, RunToEnd(context, options));
  return Outcome(in_scratch("events"), exit, in_scratch("log"));
}

}  // namespace eida::client
