#include <algorithm>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "common/spec/parts.h"
#include "common/spec/sections.h"

namespace eida::spec {
namespace {

// {epochs: n} or {steps: n}; null when absent.
Json ReadEvery(MapReader& reader, const std::string& key) {
  const Tree* value = reader.Get(key, false, "a map of epochs or steps");
  if (value == nullptr || value->kind == Tree::Kind::kNull) return nullptr;
  MapReader every(reader.context(), value, reader.PathOf(key));
  Json result;
  if (every.Has("epochs") == every.Has("steps"))
    every.Error(value, "missing-key",
                "\"" + reader.PathOf(key) + "\" needs either \"epochs\" or \"steps\"");
  // Both are asked for, so that a misspelt one is recognised.
  const std::optional<int64_t> epochs = every.MaybeInt("epochs", 1, 1'000'000);
  const std::optional<int64_t> steps = every.MaybeInt("steps", 1, 1'000'000'000);
  if (epochs) result = {{"epochs", *epochs}};
  if (steps) result = {{"steps", *steps}};
  every.Finish();
  return result;
}

// A metric of smoothed labels needs `eval.label_smoothing`.
void CheckSmoothing(const MapReader& reader, const std::string& key, const std::string& metric,
                    const Json& eval) {
  const catalog::Metric* known = catalog::Find(catalog::Metrics(), metric);
  if (known == nullptr || !known->of_smoothing || eval.contains("label_smoothing")) return;
  reader.Error(reader.tree() == nullptr ? nullptr : reader.tree()->Find(key), "bad-reference",
               "\"" + reader.PathOf(key) + "\" is " + metric +
                   ", which needs \"eval.label_smoothing\": what the loss is smoothed by, such as "
                   "train.label_smoothing");
}

// `eval.label_smoothing`, which stands in the resolved form only where there is some, and which one
// metric needs.
void ReadSmoothing(MapReader& reader, Json* eval) {
  const double smoothing = reader.Number("label_smoothing", 0, 0, 0.999);
  if (smoothing > 0) (*eval)["label_smoothing"] = smoothing;
  CheckSmoothing(reader, "metric", (*eval)["metric"].get<std::string>(), *eval);
}

}  // namespace

void ReadEval(MapReader& sweep, SweepSpec* spec) {
  const bool has_select = spec->data.Find("select") != nullptr;
  // Without runs nothing is evaluated, on whatever split.
  const std::string fallback = has_select ? "select" : spec->variants.empty() ? "train" : "";
  MapReader reader = sweep.Map("eval");
  Json eval;
  eval["every"] = ReadEvery(reader, "every");
  eval["metric"] = reader.Choice("metric", "loss", MetricsOf(spec->data));
  const bool maximize =
      catalog::Find(catalog::Metrics(), eval["metric"].get<std::string>())->maximize;
  eval["goal"] =
      reader.Choice("goal", maximize ? "maximize" : "minimize", {"maximize", "minimize"});
  const std::string split = reader.Text("split", fallback);
  if (split.empty())
    reader.Error(reader.tree() == nullptr ? sweep.tree() : reader.tree(), "missing-key",
                 "\"eval.split\" names the split that choices are made on; there is none called "
                 "\"select\" to take by default");
  else if (reader.tree() != nullptr && reader.Has("split"))
    CheckSplit(reader, "split", split, spec->data);
  const std::string report = reader.Text("report", split);
  if (reader.tree() != nullptr && reader.Has("report"))
    CheckSplit(reader, "report", report, spec->data);
  if (report == split && !split.empty() && reader.Has("report"))
    reader.Warn(reader.tree()->Find("report"), "select-equals-report",
                "choices are made on the split that is reported (\"" + split + "\")");
  eval["split"] = split;
  eval["report"] = report;
  eval["batch_size"] = reader.Int("batch_size", 64, 1, 1'000'000);
  ReadSmoothing(reader, &eval);
  eval["precision"] = reader.Choice("precision", "fp32", {"fp32", "bf16", "fp16"});
  if (const Json generate = ReadGenerate(reader, spec->data, eval["batch_size"]);
      !generate.is_null())
    eval["generate"] = generate;
  reader.Finish();
  spec->eval = std::move(eval);
}

void ReadEarlyStop(MapReader& sweep, SweepSpec* spec) {
  const Tree* value = sweep.Get("early_stop", false, "a map");
  if (value == nullptr || value->kind == Tree::Kind::kNull) return;
  MapReader reader(sweep.context(), value, "early_stop");
  spec->early_stop = {{"patience", reader.Int("patience", 1, 1, 1'000'000, true)},
                      {"min_delta", reader.Number("min_delta", 0, 0, 1e9)},
                      {"min_epochs", reader.Number("min_epochs", 0, 0, 100'000)},
                      {"metric", reader.Choice("metric", spec->eval["metric"].get<std::string>(),
                                               MetricsOf(spec->data))}};
  CheckSmoothing(reader, "metric", spec->early_stop["metric"].get<std::string>(), spec->eval);
  if (spec->eval["every"].is_null())
    reader.Error(value, "bad-reference",
                 "\"early_stop\" looks at evaluations while a run trains: it needs \"eval.every\"");
  const Tree* analyses = sweep.tree()->Find("analyses");
  if (analyses != nullptr && analyses->kind == Tree::Kind::kList && !analyses->items.empty())
    reader.Warn(value, "unequal-length",
                "with \"early_stop\" the analyses compare runs of unequal length");
  reader.Finish();
}

void ReadCheckpoint(MapReader& sweep, SweepSpec* spec) {
  MapReader reader = sweep.Map("checkpoint");
  const Json every = ReadEvery(reader, "every");
  const std::vector<std::string> keep = reader.Texts("keep", {"last"});
  for (const std::string& what : keep) {
    if (what != "last" && what != "best")
      reader.Error(reader.Get("keep"), "enum",
                   "\"checkpoint.keep\" holds last and best, not \"" + what + "\"");
    if (what == "best" && spec->eval["every"].is_null())
      reader.Error(reader.Get("keep"), "bad-reference",
                   "keeping the best checkpoint needs \"eval.every\"");
  }
  reader.Finish();
  spec->checkpoint = {{"every", every}, {"keep", keep}};
}

void ReadLimits(MapReader& sweep, SweepSpec* spec) {
  MapReader resources = sweep.Map("resources");
  spec->slots_per_job = static_cast<int>(resources.Int("slots_per_job", 1, 1, 64));
  spec->device = resources.Choice("device", "any", {"any", "cpu", "cuda"});
  spec->pack = static_cast<int>(resources.Int("pack", 1, 1, 64));
  if (spec->slots_per_job > 1 && spec->pack > 1)
    resources.Error(resources.Get("slots_per_job"), "pack-and-slots",
                    "\"resources.slots_per_job\" gives a run several slots, \"resources.pack\" "
                    "several runs one slot: set one of them");
  resources.Finish();
  MapReader limits = sweep.Map("limits");
  spec->max_parallel = static_cast<int>(limits.Int("max_parallel", 0, 0, 1'000'000));
  spec->max_failures = static_cast<int>(limits.Int("max_failures", 0, 0, 1'000'000));
  spec->priority = static_cast<int>(limits.Int("priority", 0, -1000, 1000));
  limits.Finish();
  MapReader retries = sweep.Map("retries");
  spec->retries.max = static_cast<int>(retries.Int("max", spec->retries.max, 0, 1000));
  spec->retries.backoff = retries.Duration("backoff", spec->retries.backoff);
  spec->retries.max_backoff = retries.Duration("max_backoff", spec->retries.max_backoff);
  std::vector<std::string> never;
  for (const ErrorClass value : spec->retries.never) never.push_back(ToString(value));
  never = retries.Texts("never", never, "a list of error classes");
  if (retries.Has("never")) {
    spec->retries.never.clear();
    for (const std::string& text : never) {
      const Result<ErrorClass> parsed = ParseEnum<ErrorClass>(text);
      if (parsed.ok())
        spec->retries.never.push_back(*parsed);
      else
        retries.Error(retries.Get("never"), "enum",
                      "\"retries.never\": " + Message(parsed.status()));
    }
  }
  retries.Finish();
}

}  // namespace eida::spec
