#include "common/plan/preview.h"

#include "client/commands/verb.h"
#include "client/sweep_file.h"
#include "common/base/shell.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

std::string Counted(int64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

struct PreviewArguments {
  std::string file;
  std::vector<std::string> overrides;
};

int Preview(Context& context, const PreviewArguments& arguments) {
  const Result<SweepFile> file =
      ReadSweepFile(arguments.file, arguments.overrides, DigestCachePath());
  if (!file.ok()) return Fail(context, file.status());
  if (!ShowDiagnostics(context, *file)) return RefuseInvalid(context, *file);
  const plan::PlanInputs inputs = file->PlanInputs();
  const Result<plan::Plan> plan = plan::MakePlan(*file->spec, file->text, inputs);
  if (!plan.ok()) return Fail(context, plan.status());
  const Result<plan::Preview> preview = plan::MakePreview(*plan, *file->spec, inputs);
  if (!preview.ok()) return Fail(context, preview.status());
  using render::Align;
  render::Table variants{{{"variant"},
                          {"runs", Align::kRight},
                          {"trainable", Align::kRight},
                          {"adapter / base", Align::kRight}},
                         {}};
  Json variant_json = Json::array(), kinds = Json::object();
  for (const plan::VariantPreview& v : preview->variants) {
    char ratio[32];
    snprintf(ratio, sizeof ratio, "%.3f%%", 100 * v.parameters.ratio());
    variants.rows.push_back(
        {v.name, std::to_string(v.runs), std::to_string(v.parameters.trainable()), ratio});
    variant_json.push_back({{"name", v.name},
                            {"runs", v.runs},
                            {"trainable_parameters", v.parameters.trainable()},
                            {"adapter_parameters", v.parameters.adapter},
                            {"head_parameters", v.parameters.head},
                            {"base_parameters", v.parameters.base},
                            {"ratio", v.parameters.ratio()}});
  }
  std::string text = variants.rows.empty() ? "" : render::ToText(variants) + "\n";
  int64_t jobs = 0;
  std::vector<std::string> parts;
  for (const auto& [kind, n] : preview->jobs_by_kind) {
    kinds[kind] = n;
    jobs += n;
    parts.push_back(std::to_string(n) + " " + kind);
  }
  text +=
      Counted(preview->runs, "run") + ", " + Counted(jobs, "job") + ": " + Join(parts, ", ") + "\n";
  if (preview->runs > 0)
    text += "disk: about " + FormatBytes(preview->disk_bytes) + " for weights and results\n";
  Json splits = Json::object();
  for (const auto& [name, n] : file->found.split_sizes) splits[name] = n;
  const Json json = {{"name", file->spec->name},
                     {"runs", preview->runs},
                     {"jobs", jobs},
                     {"jobs_by_kind", kinds},
                     {"variants", variant_json},
                     {"split_items", splits},
                     {"disk_bytes", preview->disk_bytes}};
  if (context.printer().csv())
    context.printer().Report("Preview", variants, json);
  else
    context.printer().Object("Preview", json, text);
  SuggestNext(context, "eidactl run " + ShellWord(arguments.file) + OptionsOf(arguments.overrides));
  return kOk;
}

}  // namespace

void Register_preview(CLI::App* app, Context& context) {
  auto arguments = std::make_shared<PreviewArguments>();
  app->add_option("FILE", arguments->file, "Sweep file, - for standard input")->required();
  AddOverrideOptions(app, &arguments->overrides);
  OnChosen(app, context, [arguments](Context& c) { return Preview(c, *arguments); });
}

}  // namespace eida::client
