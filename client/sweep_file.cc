#include "client/sweep_file.h"

#include <cstdlib>
#include <iostream>
#include <iterator>
#include <set>

#include "common/base/fs.h"
#include "common/base/shell.h"
#include "common/base/text.h"
#include "common/spec/parse.h"
#include "common/spec/presets.h"
#include "common/spec/wanted.h"

namespace eida::client {

plan::PlanInputs SweepFile::PlanInputs() const {
  plan::PlanInputs inputs;
  for (const auto& [path, files] : found.files) {
    for (const auto& [name, file] : files) inputs.files[path][name] = file.digest;
  }
  inputs.model = found.model;
  inputs.adapters = found.adapters;
  return inputs;
}

Result<SweepFile> ReadSweepFile(const std::string& path, const std::vector<std::string>& overrides,
                                const std::string& digest_cache) {
  SweepFile file;
  file.path = path == "-" ? "<stdin>" : path;
  file.overrides = overrides;
  if (path == "-") {
    file.text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    EIDA_ASSIGN_OR_RETURN(file.text, ReadFile(path));
  }
  spec::ParseResult parsed = spec::ParseSweep(file.text, file.path, overrides);
  file.diagnostics = std::move(parsed.diagnostics);
  if (!parsed.spec) return file;
  inputs::DigestCache cache(digest_cache);
  file.found =
      inputs::Gather(spec::WantedBy(*parsed.spec, path == "-" ? "." : DirName(path)), cache);
  cache.Save();
  const std::vector<spec::Diagnostic> more =
      spec::ToDiagnostics(file.found.problems, *parsed.spec, file.text, file.path);
  file.diagnostics.insert(file.diagnostics.end(), more.begin(), more.end());
  if (!more.empty()) return file;
  // Planning finds what only both together show: an adapter target that the model does not have.
  const Result<plan::Plan> plan = plan::MakePlan(*parsed.spec, file.text, file.PlanInputs());
  if (!plan.ok()) {
    file.diagnostics.push_back(
        {spec::Severity::kError, "bad-reference", Message(plan.status()), file.path, 0, 0, 1, ""});
    return file;
  }
  file.spec = std::move(parsed.spec);
  return file;
}

void AddOverrideOptions(CLI::App* app, std::vector<std::string>* overrides) {
  app->add_option("--set", *overrides, "path=value, applied before checking; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  app->add_option_function<std::string>(
      "--preset",
      [overrides](const std::string& name) { overrides->push_back(spec::PresetOverride(name)); },
      "The file in another size: one of its presets");
}

std::string OptionsOf(const std::vector<std::string>& overrides) {
  const std::string preset = spec::PresetOverride("");
  std::string options;
  for (const std::string& o : overrides)
    options += o.rfind(preset, 0) == 0 ? " --preset " + ShellWord(o.substr(preset.size()))
                                       : " --set " + ShellWord(o);
  return options;
}

bool ShowDiagnostics(Context& context, const SweepFile& file) {
  if (!file.diagnostics.empty())
    *context.err << spec::Render(file.diagnostics, file.path, context.ErrColor());
  return !spec::HasErrors(file.diagnostics);
}

Json DiagnosticsJson(const SweepFile& file) {
  Json all = Json::array();
  for (const spec::Diagnostic& d : file.diagnostics) {
    all.push_back({{"file", d.file},
                   {"line", d.line},
                   {"column", d.column},
                   {"severity", d.severity == spec::Severity::kError ? "error" : "warning"},
                   {"code", d.code},
                   {"message", d.message}});
  }
  return all;
}

int RefuseInvalid(Context& context, const SweepFile& file) {
  if (context.printer().json())
    context.printer().Object("Error",
                             {{"error",
                               {{"message", file.path + " is not a valid sweep file"},
                                {"exit_code", static_cast<int>(kUsage)},
                                {"diagnostics", DiagnosticsJson(file)}}}},
                             "");
  return kUsage;
}

Result<v1::SubmitReply> Submit(Context& context, Api& api, const SweepFile& file,
                               const SubmitOptions& options) {
  std::vector<inputs::FoundFile> files;
  std::vector<Digest> digests;
  std::set<std::string> known;
  for (const auto& [path, named] : file.found.files) {
    for (const auto& [name, found] : named) {
      if (!known.insert(found.digest.str()).second) continue;
      files.push_back(found);
      digests.push_back(found.digest);
    }
  }
  EIDA_ASSIGN_OR_RETURN(const std::vector<bool> present, api.Has(digests));
  for (size_t i = 0; i < files.size(); ++i) {
    if (present[i]) continue;
    if (files[i].size > 10'000'000 && !context.options.quiet)
      *context.err << "sending " << BaseName(files[i].path) << " (" << FormatBytes(files[i].size)
                   << ")\n";
    EIDA_RETURN_IF_ERROR(api.Put(files[i].path, files[i].digest, files[i].size));
  }
  v1::SubmitRequest request;
  request.set_source(file.text);
  request.set_file_name(file.path);
  for (const std::string& assignment : file.overrides) request.add_overrides(assignment);
  for (const auto& [path, named] : file.found.files) {
    for (const auto& [name, found] : named)
      (*(*request.mutable_inputs())[path].mutable_digests())[name] = found.digest.str();
  }
  request.set_idempotency_key(options.idempotency_key);
  request.set_attach(options.attach);
  return api.Submit(request);
}

std::string DigestCachePath() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return JoinPath(cache, "eida/digests.json");
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : JoinPath(home, ".cache/eida/digests.json");
}

}  // namespace eida::client
