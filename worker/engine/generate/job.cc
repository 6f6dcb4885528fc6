// The job kind `generate`: what a member writes for every source of a split.
#include "common/base/clock.h"
#include "common/base/fs.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/generate/generate.h"
#include "worker/engine/study.h"
#include "worker/engine/tasks/text_pairs.h"
#include "worker/engine/train/evaluate.h"
#include "worker/metrics/metric.h"

namespace eida::engine {
namespace {

struct GenerateJob {
  std::shared_ptr<const Base> base;
  GenerationItems items;
  GenerateSettings settings;
  std::vector<metrics::Wanted> metrics;
};

Result<std::vector<metrics::Wanted>> ReadMetrics(const Job& job) {
  std::vector<metrics::Wanted> wanted;
  for (const Json& metric : job.spec.value("metrics", Json::array())) {
    const Result<metrics::Wanted> read = metrics::ReadWanted(metric);
    if (!read.ok()) return ConfigError("job " + job.name + ": metrics: " + Message(read.status()));
    wanted.push_back(*read);
  }
  return wanted;
}

Result<GenerateSettings> ReadSettings(const Job& job, const Json& defaults) {
  const std::string where = "job " + job.name + ": ";
  GenerateSettings settings;
  const Json asked = job.spec.value("generate", Json::object());
  if (!asked.is_object()) return ConfigError(where + "generate: it must be a map of settings");
  Json options = defaults;
  options.update(asked);
  const auto read = ReadGenerateOptions(options);
  if (!read.ok()) return ConfigError(where + "generate: " + Message(read.status()));
  settings.options = *read;
  EIDA_ASSIGN_OR_RETURN(
      const Numerics numerics,
      ReadNumerics(job.spec.value("numerics", Json::object()), where + "numerics"));
  settings.compute = numerics.compute;
  settings.batch_size = numerics.batch_size;
  return settings;
}

Result<GenerateJob> ReadGenerateJob(const Job& job) {
  GenerateJob out;
  const auto split = Require<std::string>(job.spec, "split", "job " + job.name + ": spec");
  if (!split.ok()) return ConfigError(Message(split.status()));
  EIDA_ASSIGN_OR_RETURN(const ItemChoice choice, ReadItemChoice(job, *split, true));
  EIDA_ASSIGN_OR_RETURN(out.metrics, ReadMetrics(job));
  EIDA_ASSIGN_OR_RETURN(out.base, LoadBase(job));
  EIDA_ASSIGN_OR_RETURN(out.items, LoadGenerationItems(job, *out.base, choice));
  EIDA_ASSIGN_OR_RETURN(out.settings, ReadSettings(job, out.items.defaults));
  return out;
}

Result<std::vector<std::string>> Decoded(const GenerateJob& job,
                                         const std::vector<Generated>& texts) {
  std::vector<std::string> decoded;
  for (const Generated& one : texts) {
    EIDA_ASSIGN_OR_RETURN(const std::string text, job.base->tokenizer.Decode(one.tokens, true));
    const size_t begin = text.find_first_not_of(' ');
    decoded.push_back(begin == std::string::npos ? "" : text.substr(begin));
  }
  return decoded;
}

// Values by metric into the summary, and what they are made of.
Status AddScores(const GenerateJob& job, const std::vector<std::string>& texts, Json& summary) {
  if (job.metrics.empty()) return OkStatus();
  const auto scores = metrics::MetricsOf(job.metrics, {texts, job.items.references});
  if (!scores.ok()) return DataError(Message(scores.status()));
  for (const metrics::Score& score : *scores) {
    summary[score.metric] = score.value;
    Json& detail = summary["scores"][score.metric] = {{"signature", score.signature}};
    for (const auto& [part, value] : score.parts) detail[part] = value;
  }
  return OkStatus();
}

// A line for each source.
std::string Lines(const GenerateJob& job, const std::vector<Generated>& texts,
                  const std::vector<std::string>& decoded) {
  std::string lines;
  for (size_t i = 0; i < texts.size(); ++i) {
    lines += Json({{"item", job.items.items[i]},
                   {"source", job.items.sources[i]},
                   {"text", decoded[i]},
                   {"tokens", texts[i].tokens},
                   {"score", texts[i].score},
                   {"references", job.items.references[i]}})
                 .dump() +
             "\n";
  }
  return lines;
}

}  // namespace

Result<JobResult> RunGenerate(const Job& job, Events& events) {
  const Stopwatch watch;
  EIDA_ASSIGN_OR_RETURN(const GenerateJob own, ReadGenerateJob(job));
  EIDA_ASSIGN_OR_RETURN(const std::string weights_path, Input(job, "weights"));
  EIDA_ASSIGN_OR_RETURN(const Weights weights, ReadMember(*own.base, weights_path));
  const auto total = static_cast<int64_t>(own.items.sources.size());
  int64_t told = -1;
  const auto texts =
      Generate(*own.base, weights, own.items.prompts, own.settings, [&](int64_t done) {
        if (done != told) events.Progress(done, total, "items");
        told = done;
        return !events.StopRequested();
      });
  if (!texts.ok()) return Annotate(texts.status(), "job " + job.name);
  EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> decoded, Decoded(own, *texts));
  const std::string path = job.out + "/texts.jsonl";
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(path, Lines(own, *texts, decoded)));
  int64_t tokens = 0;
  for (const Generated& text : *texts) tokens += static_cast<int64_t>(text.tokens.size());
  JobResult result;
  result.artifacts.push_back(
      {"texts", "texts", path, {{"split", job.spec.at("split")}, {"n", total}}});
  result.summary = {{"n", total},
                    {"tokens", tokens},
                    {"seconds", watch.Seconds()},
                    {"tokens_per_second", static_cast<double>(tokens) / watch.Seconds()}};
  const Status scored = AddScores(own, decoded, result.summary);
  if (!scored.ok()) return Annotate(scored, "job " + job.name);
  return result;
}

}  // namespace eida::engine
