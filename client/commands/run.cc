// The embedded default: coordinator and workers of this machine, from the sweep file to the
// pictures.
#include <sstream>

#include "client/arrange.h"
#include "client/commands/verb.h"
#include "client/follow.h"
#include "client/results.h"
#include "client/scope.h"
#include "client/sweep_file.h"
#include "common/base/fs.h"
#include "common/base/shell.h"
#include "common/base/text.h"
#include "common/render/matrix_file.h"

namespace eida::client {
namespace {

constexpr int kLostCoordinators = 3;

struct RunArguments {
  std::string file, results;
  std::vector<std::string> overrides;
};

// Writes files into the results folder and remembers their names.
class Results {
 public:
  explicit Results(std::string directory) : directory_(std::move(directory)) {}
  Status Write(const std::string& name, const std::string& content) {
    EIDA_RETURN_IF_ERROR(MakeDirs(directory_));
    EIDA_RETURN_IF_ERROR(WriteFileAtomic(JoinPath(directory_, name), content));
    names_.push_back(name);
    return OkStatus();
  }
  template <class Picture>
  Status Draw(const std::string& stem, const Picture& picture) {
    for (const auto& [format, ending] :
         {std::pair<render::ImageFormat, const char*>{render::ImageFormat::kPng, ".png"},
          {render::ImageFormat::kSvg, ".svg"}}) {
      EIDA_ASSIGN_OR_RETURN(const std::string bytes, render::Draw(picture, format));
      EIDA_RETURN_IF_ERROR(Write(stem + ending, bytes));
    }
    return OkStatus();
  }
  const std::string& directory() const { return directory_; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::string directory_;
  std::vector<std::string> names_;
};

// Writes tables and pictures, and shows them on `out`. The same as one JSON object.
Result<Json> ShowResults(Context& context, Api& api, const SweepData& data, Results& results,
                         std::ostream& out) {
  const SummaryTable summary = Summarise(data, true);
  out << "\n" << render::ToText(summary.table);
  EIDA_RETURN_IF_ERROR(results.Write("summary.csv", render::ToCsv(summary.table)));
  EIDA_RETURN_IF_ERROR(results.Write("summary.json", Pretty(summary.json)));
  EIDA_ASSIGN_OR_RETURN(const std::vector<Soup> soups, LoadSoups(api, data));
  Json found = {{"summary", summary.json}, {"soups", Json::array()}, {"analyses", Json::array()}};
  for (const Soup& soup : soups) {
    const render::Table table = SoupTable(soup.content);
    out << "\nsoup " << soup.name << "\n" << render::ToText(table);
    EIDA_RETURN_IF_ERROR(results.Write("soup-" + soup.name + ".csv", render::ToCsv(table)));
    if (!soup.content.value("trace", Json::array()).empty())
      EIDA_RETURN_IF_ERROR(results.Draw("soup-" + soup.name, SoupPlot(soup)));
    found["soups"].push_back({{"name", soup.name}, {"table", soup.content.value("table", Json())}});
  }
  for (const v1::Job& job : data.jobs) {
    if (job.kind() != v1::JOB_KIND_MATRIX || job.state() != v1::JOB_STATE_SUCCEEDED) continue;
    EIDA_ASSIGN_OR_RETURN(const Matrix matrix, LoadMatrix(api, data, job.name().substr(7), "", ""));
    EIDA_ASSIGN_OR_RETURN(const Arrangement at, Arrange(matrix, data, "grid"));
    const render::HeatMap map = ToHeatMap(matrix, at, data.sweep.name());
    EIDA_ASSIGN_OR_RETURN(const std::string text, render::DrawTerminal(map, context.Style()));
    out << "\n" << text;
    for (const std::string& line : MissingPairs(matrix)) out << line << "\n";
    EIDA_RETURN_IF_ERROR(results.Draw(matrix.analysis, map));
    EIDA_RETURN_IF_ERROR(results.Write(
        matrix.analysis + ".csv",
        render::MatrixToCsv(Arranged(at.rows, matrix.labels), Arranged(at.columns, matrix.labels),
                            Arranged(at, matrix.values))));
    found["analyses"].push_back({{"name", matrix.analysis},
                                 {"metric", matrix.metric},
                                 {"missing", matrix.content.value("missing", Json::array())}});
  }
  return found;
}

Result<int> RunIn(Context& context, Session& session, const SweepFile& file,
                  const RunArguments& arguments) {
  Api& api = session.api();
  EIDA_ASSIGN_OR_RETURN(const v1::SubmitReply reply, Submit(context, api, file, {"", true}));
  const std::string id = "s" + std::to_string(reply.sweep());
  if (!context.options.quiet)
    *context.err << "sweep " << id << " (" << file.spec->name
                 << "): " << (reply.attached() ? "goes on, " : "") << reply.jobs() << " jobs"
                 << (reply.reused() > 0 ? ", " + std::to_string(reply.reused()) + " reused" : "")
                 << "\n";
  if (reply.attached()) {
    EIDA_ASSIGN_OR_RETURN(const v1::Sweep sweep, FindSweep(api, id));
    if (sweep.state() == v1::SWEEP_STATE_FAILED || sweep.state() == v1::SWEEP_STATE_CANCELLED) {
      v1::RetryRequest retry;
      retry.set_sweep(reply.sweep());
      EIDA_ASSIGN_OR_RETURN(const v1::RetryReply retried, api.Retry(retry));
      if (!context.options.quiet) *context.err << "trying " << retried.retried() << " jobs again\n";
    }
  }
  EIDA_ASSIGN_OR_RETURN(const FollowResult result, Follow(context, api, SweepId(reply.sweep())));
  if (result.interrupted || result.timed_out) {
    if (session.embedded()) {
      *context.err << "stopping: trainings write a checkpoint (Ctrl-C again to stop at once)\n";
      session.Stop();
    }
    *context.err << (session.embedded() ? "stopped; the same command goes on where it was"
                                        : "the sweep goes on; the same command follows it again")
                 << ": eidactl run " << ShellWord(arguments.file) << OptionsOf(arguments.overrides)
                 << "\n";
    return EndedCode(context, result);
  }
  EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(api, id, true));
  Results results(arguments.results.empty() ? JoinPath("eida-results", data.sweep.name())
                                            : arguments.results);
  std::ostringstream text;
  EIDA_ASSIGN_OR_RETURN(Json found, ShowResults(context, api, data, results, text));
  if (context.printer().json()) {
    found.update({{"sweep", id},
                  {"name", data.sweep.name()},
                  {"state", StateText(data.sweep.state())},
                  {"directory", results.directory()},
                  {"files", results.names()}});
    context.printer().Object("RunResult", found, "");
  } else if (context.printer().csv()) {
    *context.out << render::ToCsv(Summarise(data, true).table, !context.options.no_headers);
  } else {
    *context.out << text.str();
  }
  if (!context.options.quiet)
    *context.err << "\nfiles in " << results.directory() << ": " << Join(results.names(), ", ")
                 << "\n";
  SuggestNext(
      context,
      "eidactl heatmap --metric cka   eidactl plot path   eidactl soup   eidactl export run "
      "NAME --to hf -O DIR");
  return EndedCode(context, result);
}

int RunSweepFile(Context& context, const RunArguments& arguments) {
  const Result<SweepFile> file =
      ReadSweepFile(arguments.file, arguments.overrides, DigestCachePath());
  if (!file.ok()) return Fail(context, file.status());
  if (!ShowDiagnostics(context, *file)) return RefuseInvalid(context, *file);
  // The coordinator that was joined may have belonged to an eidactl that ended: the next round
  // starts one.
  for (int lost = 0;; ++lost) {
    bool again = false;
    const int code = WithSession(context, Need::kProject, [&](Session& session) -> Result<int> {
      const Result<int> end = RunIn(context, session, *file, arguments);
      again = end.status().code() == absl::StatusCode::kUnavailable && session.embedded() &&
              context.interrupts() == 0 && lost < kLostCoordinators;
      if (again && !context.options.quiet)
        *context.err << "the coordinator went away; going on with another one\n";
      return again ? Result<int>(kUnreachable) : end;
    });
    if (!again) return code;
  }
}

}  // namespace

void Register_run(CLI::App* app, Context& context) {
  auto arguments = std::make_shared<RunArguments>();
  app->add_option("FILE", arguments->file, "Sweep file, - for standard input")->required();
  AddOverrideOptions(app, &arguments->overrides);
  app->add_option("--results", arguments->results,
                  "Where tables and pictures are written (eida-results/NAME)");
  OnChosen(app, context, [arguments](Context& c) { return RunSweepFile(c, *arguments); });
}

}  // namespace eida::client
