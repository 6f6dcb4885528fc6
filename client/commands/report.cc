#include <algorithm>

#include "client/commands/verb.h"
#include "client/report/build.h"
#include "client/report_study.h"
#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

// What stands at the top of a report's directory.
const std::string kParts[] = {"report.html", "report.md", "tables", "figures"};

std::vector<std::string> PaperIds() {
  std::vector<std::string> ids;
  for (const report::Paper& paper : report::Papers()) ids.push_back(paper.id);
  return ids;
}

struct ReportArguments {
  std::string sweep = "last", paper, out;
  bool force = false;
};

Result<const report::Paper*> PaperOf(const std::string& id) {
  if (id.empty()) return nullptr;
  if (const report::Paper* paper = report::FindPaper(id)) return paper;
  const std::vector<std::string> ids = PaperIds();
  return InvalidArgument("there is no paper \"" + id + "\"" + Meant(id, ids) + " (there are: " +
                         Join(ids, ", ") + "; without --paper the report is of the sweep alone)");
}

// Before anything is asked of a coordinator.
Status CheckTarget(const std::string& out, bool force) {
  if (!FileExists(out)) return OkStatus();
  if (!IsDirectory(out))
    return FailedPrecondition(out + " is a file; -O names the directory of the report");
  EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> content, ListDir(out));
  if (!content.empty() && !force)
    return FailedPrecondition(
        out + " exists and is not empty: choose another directory, or replace it with --force");
  // What is replaced is removed whole, so it has to be a report and nothing else.
  for (const std::string& name : content) {
    if (std::ranges::find(kParts, name) == std::end(kParts))
      return FailedPrecondition(out + " holds " + name +
                                ", which is no part of a report: move it away, or choose another "
                                "directory");
  }
  return OkStatus();
}

// The directory appears whole or not at all.
Status WriteDirectory(const std::string& directory, const report::Files& files) {
  EIDA_ASSIGN_OR_RETURN(const std::string target, AbsolutePath(directory));
  const std::string temp = target + ".part";
  EIDA_RETURN_IF_ERROR(RemoveTree(temp));
  Status status = MakeDirs(temp);
  for (const auto& [name, content] : files) {
    if (status.ok()) status = MakeDirs(DirName(JoinPath(temp, name)));
    if (status.ok()) status = WriteFileAtomic(JoinPath(temp, name), content);
  }
  if (status.ok()) status = RemoveTree(target);
  if (status.ok()) status = RenameFile(temp, target);
  if (!status.ok()) RemoveTree(temp).IgnoreError();
  return status;
}

Result<int> ReportIn(Context& context, Session& session, const ReportArguments& a,
                     const report::Paper* paper) {
  Api& api = session.api();
  EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(api, a.sweep, true));
  EIDA_ASSIGN_OR_RETURN(const report::Study study,
                        GatherStudy(api, data, context.clock->Read().wall));
  const report::Document document = report::Build(study, paper);
  EIDA_ASSIGN_OR_RETURN(const report::Files files, report::ToFiles(document));
  EIDA_RETURN_IF_ERROR(WriteDirectory(a.out, files));
  std::vector<std::string> names;
  for (const auto& [name, content] : files) names.push_back(name);
  const std::string page = JoinPath(a.out, "report.html");
  if (!context.options.quiet) {
    for (const std::string& warning : document.warnings)
      *context.err << "warning: " << warning << "\n";
  }
  context.printer().Object("Report",
                           {{"directory", a.out},
                            {"page", page},
                            {"paper", paper == nullptr ? "" : paper->id},
                            {"sweep", study.id},
                            {"files", names},
                            {"warnings", document.warnings}},
                           "wrote " + page + " and " + std::to_string(files.size() - 1) +
                               " files of tables and figures beside it\n");
  return static_cast<int>(kOk);
}

}  // namespace

void Register_report(CLI::App* app, Context& context) {
  auto a = std::make_shared<ReportArguments>();
  app->add_option("SWEEP", a->sweep, "Which sweep (last)");
  app->add_option("--paper", a->paper, "That paper's tables and figures beside ours")
      ->type_name("{" + Join(PaperIds(), ",") + "}");
  app->add_option("-O,--out", a->out, "Directory to write")->required();
  app->add_flag("--force", a->force, "Replace the directory");
  OnChosen(app, context, [a](Context& c) {
    const Result<const report::Paper*> paper = PaperOf(a->paper);
    if (!paper.ok()) return Fail(c, paper.status());
    if (const Status target = CheckTarget(a->out, a->force); !target.ok()) return Fail(c, target);
    return WithSession(c, Need::kExisting, [&](Session& s) { return ReportIn(c, s, *a, *paper); });
  });
}

}  // namespace eida::client
