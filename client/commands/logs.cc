#include <thread>

#include "client/commands/verb.h"
#include "client/scope.h"
#include "common/wire/json.h"

namespace eida::client {
namespace {

struct LogsArguments {
  std::string what;
  int attempt = 0;
  int64_t tail = 0;
  bool follow = false, timestamps = false;
};

// One job's log, read from where it was left.
struct LogSource {
  v1::Job job;
  std::string prefix;  // its name, when there are several
  v1::ListLogsRequest request;
  bool ended = false;
};

Result<std::vector<v1::LogLine>> ReadOn(Api& api, LogSource& source) {
  std::vector<v1::LogLine> lines;
  for (;;) {
    EIDA_ASSIGN_OR_RETURN(const v1::ListLogsReply reply, api.ListLogs(source.request));
    if (reply.lines().empty()) return lines;
    lines.insert(lines.end(), reply.lines().begin(), reply.lines().end());
    source.request.set_after(reply.cursor());
  }
}

// Prints lines as they come (text, jsonl, and whatever is followed), or keeps them for one
// document.
class LogPrinter {
 public:
  LogPrinter(Context& context, const LogsArguments& a) : context_(context), arguments_(a) {}

  void Add(const LogSource& source, const v1::LogLine& line) {
    Printer printer = context_.printer();
    const bool document = printer.csv() || (printer.json() && !printer.jsonl());
    if (document && !arguments_.follow) {
      table_.rows.push_back({source.job.name(), std::to_string(line.attempt()),
                             FormatTime({line.at_ms()}), line.text()});
      items_.push_back(wire::ToJson(line));
    } else if (printer.json()) {
      printer.Line(wire::ToJson(line));
    } else {
      *context_.out << source.prefix
                    << (arguments_.timestamps ? FormatTime({line.at_ms()}) + " " : "")
                    << line.text() << "\n";
    }
  }
  void Finish() {
    const Printer printer = context_.printer();
    if (!arguments_.follow && (printer.csv() || (printer.json() && !printer.jsonl())))
      context_.printer().List("LogLine", table_, items_);
  }

 private:
  Context& context_;
  const LogsArguments& arguments_;
  render::Table table_{{{"job"}, {"attempt", render::Align::kRight}, {"at"}, {"text"}}, {}};
  std::vector<Json> items_;
};

Result<std::vector<LogSource>> FindSources(Api& api, const LogsArguments& a) {
  EIDA_ASSIGN_OR_RETURN(const std::vector<Target> targets, FindTargets(api, a.what));
  std::vector<LogSource> sources;
  for (const Target& target : targets) {
    if (target.whole())
      return InvalidArgument(
          "logs are of a run or a job, not of a whole sweep: name one (lora-r8/seed1, j17) or "
          "select runs (" +
          target.text + "/state=failed)");
    for (const v1::Job& job : target.jobs) {
      LogSource source{job, "", {}, Ended(job.state())};
      source.request.set_job(job.id());
      source.request.set_attempt(a.attempt);
      sources.push_back(std::move(source));
    }
  }
  if (sources.size() > 1) {
    for (LogSource& source : sources) source.prefix = "[" + source.job.name() + "] ";
  }
  return sources;
}

Result<int> Logs(Context& c, Api& api, const LogsArguments& a) {
  EIDA_ASSIGN_OR_RETURN(std::vector<LogSource> sources, FindSources(api, a));
  LogPrinter printer(c, a);
  const TimePoint start = c.clock->Read().mono;
  for (bool first = true;; first = false) {
    bool open = false;
    for (LogSource& source : sources) {
      EIDA_ASSIGN_OR_RETURN(const std::vector<v1::LogLine> lines, ReadOn(api, source));
      const auto size = static_cast<int64_t>(lines.size());
      for (int64_t i = first && a.tail > 0 && size > a.tail ? size - a.tail : 0; i < size; ++i)
        printer.Add(source, lines[static_cast<size_t>(i)]);
      open = open || !source.ended;
    }
    if (c.interrupts() > 0) return static_cast<int>(kInterrupted);
    if (!a.follow || !open) break;
    if (c.options.limit.count() > 0 && c.clock->Read().mono - start >= c.options.limit)
      return DeadlineExceeded("--timeout " + c.options.timeout + " passed; the log goes on");
    c.out->flush();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    // The state is read before the lines: the last lines of a job that ended in between are seen in
    // the next round.
    for (LogSource& source : sources) {
      if (source.ended) continue;
      v1::ListJobsRequest one;
      one.add_ids(source.job.id());
      EIDA_ASSIGN_OR_RETURN(const v1::ListJobsReply jobs, api.ListJobs(one));
      source.ended = jobs.jobs().empty() || Ended(jobs.jobs(0).state());
    }
  }
  printer.Finish();
  return static_cast<int>(kOk);
}

}  // namespace

void Register_logs(CLI::App* app, Context& context) {
  auto a = std::make_shared<LogsArguments>();
  app->add_option("WHAT", a->what,
                  "A run (lora-r8/seed1), a job's name or j17, with an optional sweep in front; or "
                  "a selection of runs (state=failed)")
      ->required();
  app->add_flag("-f,--follow", a->follow, "Go on until the job ends");
  app->add_option("--attempt", a->attempt, "Only this attempt")->check(CLI::PositiveNumber);
  app->add_option("--tail", a->tail, "Only the last lines")->check(CLI::PositiveNumber);
  app->add_flag("--timestamps", a->timestamps, "Each line with its time");
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& s) { return Logs(c, s.api(), *a); });
  });
}

}  // namespace eida::client
