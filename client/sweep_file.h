// A sweep file, read, checked and made ready to be sent.
#pragma once

#include "client/context.h"
#include "common/inputs/gather.h"
#include "common/plan/plan.h"
#include "common/spec/diagnostic.h"
#include "common/spec/sweep_spec.h"

namespace eida::client {

struct SweepFile {
  std::string path, text;
  std::vector<std::string> overrides;
  std::vector<spec::Diagnostic> diagnostics;
  std::optional<spec::SweepSpec> spec;  // absent after errors
  inputs::Gathered found;
  plan::PlanInputs PlanInputs() const;
};

// `path` "-" is standard input, with paths relative to the working directory. Diagnostics of the
// file and of the files that it names, all at once. An error is one that has no place: the sweep
// file itself cannot be read.
Result<SweepFile> ReadSweepFile(const std::string& path, const std::vector<std::string>& overrides,
                                const std::string& digest_cache);

// --set and --preset, which become `overrides`; these outlive the parsing.
void AddOverrideOptions(CLI::App* app, std::vector<std::string>* overrides);

// They as options of a command line, " --preset smoke --set 'seeds=[0, 1]'"; "" for none.
std::string OptionsOf(const std::vector<std::string>& overrides);

// Prints diagnostics on stderr; false when there are errors.
bool ShowDiagnostics(Context& context, const SweepFile& file);
// [{file, line, column, severity, code, message}, ..]
Json DiagnosticsJson(const SweepFile& file);
// The answer of a verb that needs a valid file and did not get one: exit code 2, and the
// diagnostics as an error document in JSON mode.
int RefuseInvalid(Context& context, const SweepFile& file);

// Sends what the store lacks, then the sweep.
struct SubmitOptions {
  std::string idempotency_key;
  bool attach = false;
};
Result<v1::SubmitReply> Submit(Context& context, Api& api, const SweepFile& file,
                               const SubmitOptions& options);

// Where digests of large files are remembered: $XDG_CACHE_HOME/eida/digests.json.
std::string DigestCachePath();

}  // namespace eida::client
