#include "worker/engine/train/settings.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace eida::engine {
namespace {

Result<Every> ReadEvery(const Json& section, const std::string& what) {
  Every every;
  const auto found = section.find("every");
  if (found == section.end() || found->is_null()) return every;
  every.epochs = GetOr<int64_t>(*found, "epochs", 0);
  every.steps = GetOr<int64_t>(*found, "steps", 0);
  if (every.epochs < 0 || every.steps < 0 || every.never()) {
    return ConfigError(what + ".every needs a positive \"epochs\" or \"steps\"");
  }
  return every;
}

Status ReadOptimizer(const Json& json, const std::string& what, AdamWSettings& s) {
  const auto name = GetOr<std::string>(json, "name", "adamw");
  if (name != "adamw")
    return ConfigError(what + ".name is \"" + name + "\", this version has adamw");
  const auto betas = GetOr<std::vector<double>>(json, "betas", {0.9, 0.999});
  if (betas.size() != 2 || !(betas[0] >= 0 && betas[0] < 1) || !(betas[1] >= 0 && betas[1] < 1)) {
    return ConfigError(what + ".betas must be two numbers in [0, 1)");
  }
  s = {betas[0], betas[1], GetOr<double>(json, "eps", 1e-8),
       GetOr<double>(json, "weight_decay", 0)};
  if (s.eps < 0 || s.weight_decay < 0)
    return ConfigError(what + ": eps and weight_decay must not be negative");
  return OkStatus();
}

Status ReadSchedule(const Json& json, const std::string& what, ScheduleSettings& s) {
  const auto name = GetOr<std::string>(json, "name", "linear");
  if (name != "linear" && name != "constant")
    return ConfigError(what + ".name is \"" + name + "\", this version has linear and constant");
  s.decays = name == "linear";
  s.warmup_ratio = GetOr<double>(json, "warmup_ratio", 0);
  if (json.contains("warmup_steps") && !json["warmup_steps"].is_null())
    s.warmup_steps = GetOr<int64_t>(json, "warmup_steps", 0);
  if (!(s.warmup_ratio >= 0 && s.warmup_ratio <= 1) || s.warmup_steps.value_or(0) < 0) {
    return ConfigError(what + ": the warm-up is a ratio in [0, 1] or a number of steps");
  }
  return OkStatus();
}

Status ReadTrain(const Json& train, const std::string& what, TrainSettings& s) {
  if (train.contains("steps") && !train["steps"].is_null())
    s.steps = GetOr<int64_t>(train, "steps", 0);
  s.epochs = GetOr<double>(train, "epochs", 1);
  if (s.steps ? *s.steps < 1 : !(s.epochs > 0))
    return ConfigError(what + " needs positive \"epochs\" or \"steps\"");
  s.batch_size = GetOr<int64_t>(train, "batch_size", 32);
  s.grad_accum = GetOr<int64_t>(train, "grad_accum", 1);
  if (s.batch_size < 1 || s.grad_accum < 1)
    return ConfigError(what + ": batch_size and grad_accum must be at least 1");
  const auto lr = Require<double>(train, "lr", what);
  if (!lr.ok() || !(*lr >= 0))
    return ConfigError(what + ".lr must be a number that is not negative");
  s.lr = *lr;
  EIDA_RETURN_IF_ERROR(
      ReadOptimizer(train.value("optimizer", Json::object()), what + ".optimizer", s.optimizer));
  EIDA_RETURN_IF_ERROR(
      ReadSchedule(train.value("schedule", Json::object()), what + ".schedule", s.schedule));
  EIDA_ASSIGN_OR_RETURN(s.compute, ReadPrecision(train, what));
  s.grad_clip = GetOr<double>(train, "grad_clip", 0);
  const auto batching = GetOr<std::string>(train, "batching", "bucketed");
  if (batching != "padded" && batching != "bucketed")
    return ConfigError(what + ".batching \"" + batching + "\" is neither padded nor bucketed");
  s.bucketed = batching == "bucketed";
  s.dropout = train.value("dropout", Json());
  if (s.dropout.is_number() && !(s.dropout.get<double>() >= 0 && s.dropout.get<double>() < 1)) {
    return ConfigError(what + ".dropout lies outside [0, 1)");
  }
  return OkStatus();
}

}  // namespace

Result<TrainSettings> ReadTrainSettings(const Job& job) {
  const std::string what = "job " + job.name + ": ";
  TrainSettings s;
  s.seed = static_cast<uint64_t>(GetOr<int64_t>(job.spec, "seed", 0));
  EIDA_RETURN_IF_ERROR(ReadTrain(job.spec.value("train", Json::object()), what + "train", s));
  const Json eval = job.spec.value("eval", Json::object()),
             checkpoint = job.spec.value("checkpoint", Json::object());
  EIDA_ASSIGN_OR_RETURN(s.eval_every, ReadEvery(eval, what + "eval"));
  EIDA_ASSIGN_OR_RETURN(s.checkpoint_every, ReadEvery(checkpoint, what + "checkpoint"));
  if (!s.eval_every.never()) {
    s.eval_split = GetOr<std::string>(eval, "split", "");
    if (s.eval_split.empty()) return ConfigError(what + "eval.split is missing");
    s.metric = GetOr<std::string>(eval, "metric", "loss");
    const catalog::Metric* metric = catalog::Find(catalog::Metrics(), s.metric);
    if (metric == nullptr) {
      return ConfigError(what + "eval.metric is \"" + s.metric +
                         "\", this version has: " + Join(catalog::Ids(catalog::Metrics()), ", "));
    }
    s.maximize =
        GetOr<std::string>(eval, "goal", metric->maximize ? "maximize" : "minimize") == "maximize";
    EIDA_ASSIGN_OR_RETURN(s.eval_numerics, ReadNumerics(eval, what + "eval"));
  }
  const auto keep = GetOr<std::vector<std::string>>(checkpoint, "keep", {"last"});
  s.keep_best = std::find(keep.begin(), keep.end(), "best") != keep.end();
  if (s.keep_best && s.eval_every.never())
    return ConfigError(what + "checkpoint.keep asks for the best, which needs eval.every");
  return s;
}

}  // namespace eida::engine
