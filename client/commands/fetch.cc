// Models and data sets into the layout that sweep files name. client/fetch does it; this says it.
#include "client/fetch/fetch.h"

#include <algorithm>

#include "client/commands/verb.h"
#include "client/fetch/url.h"
#include "client/transfer_display.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

using fetch::Manifest;
using fetch::Plan;
using fetch::Source;
using fetch::Wanted;

struct FetchArguments {
  std::string name, out;
  bool list = false, dry_run = false, verify = false;
};

std::string BytesText(int64_t bytes) { return bytes < 0 ? "not published" : FormatBytes(bytes); }
Json OrNull(int64_t bytes) { return bytes < 0 ? Json() : Json(bytes); }
Json OrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

int ListSources(Context& context) {
  const bool wide = context.options.output == "wide";
  render::Table table{{{"name"}, {"kind"}, {"size", render::Align::kRight}, {"licence"}, {"what"}},
                      {}};
  if (wide) table.columns.insert(table.columns.end(), {{"sha-256"}, {"from"}});
  std::vector<Json> items;
  for (const Source& source : fetch::Catalogue()) {
    const char* kind = source.model ? "model" : "data set";
    const auto published =
        std::ranges::count_if(source.files, [](const auto& f) { return !f.sha256.empty(); });
    table.rows.push_back({source.id, kind, BytesText(source.bytes), source.licence, source.help});
    if (wide) {
      const bool hub = source.from.rfind("hf:", 0) == 0;
      table.rows.back().push_back(published > 0 ? "published"
                                  : hub         ? "the hub's"
                                                : "none published");
      table.rows.back().push_back(source.from);
    }
    Json files = Json::array();
    for (const auto& file : source.files)
      files.push_back(
          {{"name", file.name}, {"size", OrNull(file.size)}, {"sha256", OrNull(file.sha256)}});
    items.push_back({{"name", source.id},
                     {"kind", kind},
                     {"bytes", OrNull(source.bytes)},
                     {"licence", source.licence},
                     {"help", source.help},
                     {"source", source.from},
                     {"files", files}});
  }
  context.printer().List("Source", table, items);
  SuggestNext(context,
              "eidactl fetch NAME   eidactl fetch hf:owner/name   eidactl fetch --list -o wide");
  return kOk;
}

Result<fetch::Settings> SettingsOf(const Context& context) {
  fetch::Settings settings;
  if (std::string endpoint = context.env("HF_ENDPOINT"); !endpoint.empty()) {
    while (endpoint.ends_with("/")) endpoint.pop_back();
    if (const Status status = fetch::CheckUrl(endpoint); !status.ok())
      return Annotate(status, "HF_ENDPOINT");
    settings.hub.endpoint = endpoint;
  }
  settings.hub.token = std::string(Trim(context.env("HF_TOKEN")));
  if (!std::ranges::all_of(settings.hub.token, [](unsigned char c) { return c > 32 && c < 127; }))
    return InvalidArgument("HF_TOKEN holds blanks or other characters that no token has");
  settings.mirror = context.env("EIDA_FETCH_MIRROR");
  if (!settings.mirror.empty()) {
    if (const Status status = fetch::CheckUrl(settings.mirror); !status.ok())
      return Annotate(status, "EIDA_FETCH_MIRROR");
  }
  return settings;
}

fetch::Hooks HooksOf(Context& context, TransferDisplay& display) {
  fetch::Hooks hooks;
  const TimePoint start = context.clock->Read().mono;
  hooks.stop = [&context, start]() -> Status {
    if (context.interrupts() > 0) return absl::CancelledError("stopped by Ctrl-C");
    const Millis limit = context.options.limit;
    if (limit.count() > 0 && context.clock->Read().mono - start >= limit)
      return DeadlineExceeded("--timeout " + context.options.timeout + " passed");
    return OkStatus();
  };
  hooks.progress = [&display](const std::string& what, const std::string& file, int64_t done,
                              int64_t total) { display.Show(what, file, done, total); };
  hooks.note = [&display](const std::string& text) { display.Note(text); };
  return hooks;
}

std::string Short(const std::string& commit) { return commit.substr(0, 12); }

// "models/gpt2: 6 files, 525.4 MiB, hf:openai-community/gpt2@main at 607a30d783df (MIT)"
std::string Described(const Wanted& wanted, size_t files, int64_t bytes, const std::string& commit,
                      const std::string& licence) {
  return wanted.directory + ": " + std::to_string(files) + (files == 1 ? " file, " : " files, ") +
         FormatBytes(bytes) + ", " + wanted.identity +
         (commit.empty() || wanted.identity.ends_with(commit) ? "" : " at " + Short(commit)) +
         " (licence: " + (licence.empty() ? "not stated" : licence) + ")\n";
}

int ShowPlan(Context& context, const Plan& plan) {
  std::string text =
      Described(plan.wanted, plan.items.size(), plan.bytes(), plan.commit, plan.licence);
  Json items = Json::array();
  for (const fetch::Item& item : plan.items) {
    text += "  " + item.name + "  " + BytesText(item.size) +
            (item.sha256.empty() ? "" : "  sha256:" + Short(item.sha256)) + "\n    " + item.url +
            "\n";
    items.push_back({{"name", item.name},
                     {"url", item.url},
                     {"size", OrNull(item.size)},
                     {"sha256", OrNull(item.sha256)}});
  }
  context.printer().Object("FetchPlan",
                           {{"name", plan.wanted.name},
                            {"directory", plan.wanted.directory},
                            {"source", plan.wanted.identity},
                            {"commit", OrNull(plan.commit)},
                            {"licence", OrNull(plan.licence)},
                            {"bytes", plan.sizes_known() ? Json(plan.bytes()) : Json()},
                            {"files", items}},
                           text + "nothing was fetched (--dry-run)\n");
  return kOk;
}

int ShowFetched(Context& context, const Wanted& wanted, const Manifest& manifest,
                const std::string& did) {
  int64_t bytes = 0;
  for (const auto& file : manifest.files) bytes += file.size;
  const std::string lines = fetch::SweepLines(wanted);
  Json json = fetch::ToJson(manifest);
  json.update(
      {{"name", wanted.name}, {"directory", wanted.directory}, {"did", did}, {"sweep", lines}});
  std::string text =
      Described(wanted, manifest.files.size(), bytes, manifest.commit, manifest.licence);
  for (const auto& file : manifest.files) {
    if (file.rows >= 0) text += "  " + file.name + ": " + std::to_string(file.rows) + " rows\n";
  }
  if (!lines.empty())
    text += "\n# in a sweep file; a relative path there starts from the sweep file's directory\n" +
            lines;
  context.printer().Object("Fetched", json, text);
  if (!context.options.quiet) *context.err << did << "\n";
  if (wanted.source.model && std::ranges::none_of(manifest.files, [](const auto& f) {
        return f.name == "tokenizer.json" || f.name == "adapter_config.json";
      }))
    *context.err << "warning: " << wanted.identity
                 << " has no tokenizer.json; save the fast tokenizer into " << wanted.directory
                 << " (AutoTokenizer.from_pretrained(...).save_pretrained(DIR))\n";
  return kOk;
}

Result<int> VerifyDirectory(Context& context, const Wanted& wanted, const fetch::Hooks& hooks) {
  EIDA_ASSIGN_OR_RETURN(const std::optional<Manifest> manifest,
                        fetch::ReadManifest(wanted.directory));
  if (!manifest)
    return NotFound(wanted.directory + " has no " + fetch::kManifestName +
                    ": nothing was fetched there, or not to its end. Next: eidactl fetch " +
                    wanted.name);
  EIDA_RETURN_IF_ERROR(fetch::Verify(wanted.directory, *manifest, hooks));
  return ShowFetched(context, wanted, *manifest, "every file is what was fetched");
}

Result<int> FetchWanted(Context& context, const FetchArguments& arguments) {
  EIDA_ASSIGN_OR_RETURN(Wanted wanted, fetch::MakeWanted(arguments.name, arguments.out));
  TransferDisplay display(context);
  const fetch::Hooks hooks = HooksOf(context, display);
  if (arguments.verify) {
    Result<int> verified = VerifyDirectory(context, wanted, hooks);
    display.Erase();
    return verified;
  }
  EIDA_ASSIGN_OR_RETURN(const std::optional<Manifest> there, fetch::AlreadyThere(&wanted));
  if (there && !arguments.dry_run)
    return ShowFetched(context, wanted, *there,
                       "fetched before (" + there->fetched_at +
                           "), nothing to do; --verify reads every file again");
  EIDA_ASSIGN_OR_RETURN(const fetch::Settings settings, SettingsOf(context));
  fetch::Transport transport(hooks, {});
  EIDA_ASSIGN_OR_RETURN(const Plan plan, fetch::MakePlan(transport, settings, wanted));
  if (arguments.dry_run) return ShowPlan(context, plan);
  const Result<Manifest> manifest =
      fetch::Carry(transport, plan, FormatTime(context.clock->Read().wall));
  display.Erase();
  EIDA_RETURN_IF_ERROR(manifest.status());
  return ShowFetched(context, wanted, *manifest, "fetched");
}

constexpr const char* kFetchExamples =
    "Examples:\n"
    "  eidactl fetch --list                                   what is known by name\n"
    "  eidactl fetch roberta-base                             into models/roberta-base\n"
    "  eidactl fetch sst2 -O data/sst2                        into another directory\n"
    "  eidactl fetch hf:facebook/bart-base@main --dry-run     what it would fetch, and how much\n"
    "  eidactl fetch roberta-base --verify                    hash every file again\n"
    "Ctrl-C keeps what came; the same command goes on. HF_TOKEN is sent to Hugging Face "
    "(HF_ENDPOINT)\n"
    "only; EIDA_FETCH_MIRROR is put in front of the other addresses; proxies: https_proxy, "
    "no_proxy.\n"
    "Options of every verb, such as -o and --timeout: eidactl --help";

}  // namespace

void Register_fetch(CLI::App* app, Context& context) {
  auto a = std::make_shared<FetchArguments>();
  app->add_option("NAME", a->name, "What --list names, or hf:[datasets/]owner/name[@revision]")
      ->type_name("{" + Join(fetch::SourceIds(), ",") + "}");
  app->add_option("-O,--out", a->out, "Directory to write (models/NAME or datasets/NAME)");
  app->add_flag("--list", a->list, "What is known by name, with size and licence");
  app->add_flag("--dry-run", a->dry_run, "Ask for the list of files, fetch nothing");
  app->add_flag("--verify", a->verify, "Hash what was fetched before; no network");
  app->footer(kFetchExamples);
  OnChosen(app, context, [a](Context& c) {
    if (a->list) return ListSources(c);
    if (a->name.empty())
      return Fail(c, InvalidArgument("fetch what? eidactl fetch NAME; eidactl fetch --list names "
                                     "what is known"));
    const Result<int> code = FetchWanted(c, *a);
    return code.ok() ? *code : Fail(c, code.status());
  });
}

}  // namespace eida::client
