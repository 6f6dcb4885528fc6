#include "client/commands/verb.h"
#include "client/sweep_file.h"

namespace eida::client {
namespace {

struct ValidateArguments {
  std::vector<std::string> files, overrides;
};

render::Table ToTable(const Json& diagnostics) {
  render::Table table{{{"file"}, {"line"}, {"column"}, {"severity"}, {"code"}, {"message"}}, {}};
  for (const Json& d : diagnostics) {
    table.rows.emplace_back();
    for (const render::Column& column : table.columns) {
      const Json& cell = d.at(column.name);
      table.rows.back().push_back(cell.is_string() ? cell.get<std::string>() : cell.dump());
    }
  }
  return table;
}

int Validate(Context& context, const ValidateArguments& arguments) {
  Json all = Json::array();
  int code = kOk;
  for (const std::string& path : arguments.files) {
    const Result<SweepFile> file = ReadSweepFile(path, arguments.overrides, DigestCachePath());
    if (!file.ok()) return Fail(context, file.status());
    for (const Json& diagnostic : DiagnosticsJson(*file)) all.push_back(diagnostic);
    if (!ShowDiagnostics(context, *file)) {
      code = kUsage;
    } else if (!context.printer().json() && !context.printer().csv() && !context.options.quiet) {
      *context.out << path << ": valid, " << file->spec->variants.size() << " variants x "
                   << file->spec->seeds.size() << " seeds\n";
    }
  }
  if (context.printer().json() || context.printer().csv())
    context.printer().Report("Diagnostics", ToTable(all),
                             {{"valid", code == kOk}, {"diagnostics", all}});
  return code;
}

}  // namespace

void Register_validate(CLI::App* app, Context& context) {
  auto arguments = std::make_shared<ValidateArguments>();
  app->add_option("FILE", arguments->files, "Sweep files, - for standard input")->required();
  AddOverrideOptions(app, &arguments->overrides);
  OnChosen(app, context, [arguments](Context& c) { return Validate(c, *arguments); });
}

}  // namespace eida::client
