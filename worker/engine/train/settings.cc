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

// The value that `names` gives the text of `key`.
template <class T>
Status ReadName(const Json& json, const char* key, const std::string& what,
                const std::vector<std::pair<std::string, T>>& names, T& value) {
  std::vector<std::string> have;
  const auto text = GetOr<std::string>(json, key, names.front().first);
  for (const auto& [name, meaning] : names) {
    if (name == text) {
      value = meaning;
      return OkStatus();
    }
    have.push_back(name);
  }
  return ConfigError(what + "." + key + " is \"" + text +
                     "\", this version has: " + Join(have, ", "));
}

Status ReadOptimizer(const Json& json, const std::string& what, AdamSettings& s) {
  EIDA_RETURN_IF_ERROR(
      ReadName<bool>(json, "name", what, {{"adamw", true}, {"adam", false}}, s.decoupled));
  const auto betas = GetOr<std::vector<double>>(json, "betas", {0.9, 0.999});
  if (betas.size() != 2 || !(betas[0] >= 0 && betas[0] < 1) || !(betas[1] >= 0 && betas[1] < 1)) {
    return ConfigError(what + ".betas must be two numbers in [0, 1)");
  }
  s.beta1 = betas[0];
  s.beta2 = betas[1];
  s.eps = GetOr<double>(json, "eps", 1e-8);
  s.weight_decay = GetOr<double>(json, "weight_decay", 0);
  if (!(s.eps >= 0 && s.weight_decay >= 0))
    return ConfigError(what + ": eps and weight_decay must not be negative");
  return OkStatus();
}

Status ReadSchedule(const Json& json, const std::string& what, double lr, ScheduleSettings& s) {
  EIDA_RETURN_IF_ERROR(ReadName<ScheduleName>(json, "name", what,
                                              {{"linear", ScheduleName::kLinear},
                                               {"polynomial", ScheduleName::kPolynomial},
                                               {"cosine", ScheduleName::kCosine},
                                               {"constant", ScheduleName::kConstant}},
                                              s.name));
  s.warmup_ratio = GetOr<double>(json, "warmup_ratio", 0);
  if (json.contains("warmup_steps") && !json["warmup_steps"].is_null())
    s.warmup_steps = GetOr<int64_t>(json, "warmup_steps", 0);
  if (!(s.warmup_ratio >= 0 && s.warmup_ratio <= 1) || s.warmup_steps.value_or(0) < 0) {
    return ConfigError(what + ": the warm-up is a ratio in [0, 1] or a number of steps");
  }
  s.power = GetOr<double>(json, "power", 1);
  s.lr_end = GetOr<double>(json, "lr_end", 1e-7);
  s.cycles = GetOr<double>(json, "cycles", 0.5);
  if (!(s.power > 0)) return ConfigError(what + ".power must be positive");
  if (!(s.cycles > 0)) return ConfigError(what + ".cycles must be positive");
  if (s.name == ScheduleName::kPolynomial && !(s.lr_end >= 0 && s.lr_end < lr))
    return ConfigError(what + ".lr_end must lie between 0 and lr");
  return ReadName<bool>(json, "restart", what, {{"none", false}, {"epoch", true}}, s.restarts);
}

Status ReadBatches(const Json& train, const std::string& what, TrainSettings& s) {
  s.order.seed = s.seed;
  s.order.batch_tokens = GetOr<int64_t>(train, "batch_tokens", 0);
  s.order.batch_size = GetOr<int64_t>(train, "batch_size", 32);
  s.grad_accum = GetOr<int64_t>(train, "grad_accum", 1);
  if (train.contains("batch_tokens") && s.order.batch_tokens < 1)
    return ConfigError(what + ".batch_tokens must be at least 1");
  if (train.contains("batch_tokens") && train.contains("batch_size"))
    return ConfigError(what + " has both batch_size and batch_tokens; give one of them");
  if (s.order.batch_size < 1 || s.grad_accum < 1)
    return ConfigError(what + ": batch_size and grad_accum must be at least 1");
  return ReadName<Batching>(train, "batching", what,
                            {{"bucketed", Batching::kBucketed},
                             {"padded", Batching::kPadded},
                             {"packed", Batching::kPacked}},
                            s.order.batching);
}

Status ReadTrain(const Json& train, const std::string& what, TrainSettings& s) {
  if (train.contains("steps") && !train["steps"].is_null())
    s.steps = GetOr<int64_t>(train, "steps", 0);
  s.epochs = GetOr<double>(train, "epochs", 1);
  if (s.steps ? *s.steps < 0 : !(s.epochs > 0))
    return ConfigError(what + " needs positive \"epochs\", or \"steps\" (0: as it starts)");
  EIDA_RETURN_IF_ERROR(ReadBatches(train, what, s));
  const auto lr = Require<double>(train, "lr", what);
  if (!lr.ok() || !(*lr >= 0))
    return ConfigError(what + ".lr must be a number that is not negative");
  s.lr = *lr;
  EIDA_RETURN_IF_ERROR(
      ReadOptimizer(train.value("optimizer", Json::object()), what + ".optimizer", s.optimizer));
  EIDA_RETURN_IF_ERROR(
      ReadSchedule(train.value("schedule", Json::object()), what + ".schedule", s.lr, s.schedule));
  EIDA_ASSIGN_OR_RETURN(s.compute, ReadPrecision(train, what));
  s.grad_clip = GetOr<double>(train, "grad_clip", 0);
  s.label_smoothing = GetOr<double>(train, "label_smoothing", 0);
  if (!(s.label_smoothing >= 0 && s.label_smoothing < 1))
    return ConfigError(what + ".label_smoothing lies outside [0, 1)");
  EIDA_RETURN_IF_ERROR(ReadName<Normalise>(
      train, "normalise", what,
      {{"update", Normalise::kUpdate}, {"micro_batch", Normalise::kMicroBatch}}, s.normalise));
  s.gradient_checkpointing = GetOr<bool>(train, "gradient_checkpointing", false);
  s.dropout = train.value("dropout", Json());
  if (s.dropout.is_number() && !(s.dropout.get<double>() >= 0 && s.dropout.get<double>() < 1)) {
    return ConfigError(what + ".dropout lies outside [0, 1)");
  }
  return OkStatus();
}

// The metric, and whether more of it is better.
Result<std::pair<std::string, bool>> ReadMetric(const Json& json, const std::string& fallback,
                                                const std::string& what) {
  const auto name = GetOr<std::string>(json, "metric", fallback);
  const catalog::Metric* metric = catalog::Find(catalog::Metrics(), name);
  if (metric == nullptr) {
    return ConfigError(what + ".metric is \"" + name +
                       "\", this version has: " + Join(catalog::Ids(catalog::Metrics()), ", "));
  }
  return std::make_pair(name, metric->maximize);
}

// Whether evaluations of this job measure it.
Status CheckMeasured(const Job& job, const std::string& name, const Numerics& numerics,
                     const std::string& what) {
  const catalog::Metric& metric = *catalog::Find(catalog::Metrics(), name);
  const catalog::Task* task = catalog::Find(
      catalog::Tasks(), GetOr<std::string>(job.spec.value("data", Json::object()), "task", ""));
  if (task != nullptr && !catalog::Gives(*task, metric))
    return ConfigError(what + ".metric is " + name + ", which the task " + task->id +
                       " cannot give (it gives: " + Join(catalog::MetricsOf(*task), ", ") + ")");
  if (!metric.of_smoothing || numerics.label_smoothing > 0) return OkStatus();
  return ConfigError(what + ".metric is " + name + ", which needs eval.label_smoothing");
}

Status ReadEarlyStop(const Job& job, const Json& json, const std::string& what, TrainSettings& s) {
  if (json.is_null()) return OkStatus();
  if (s.eval_every.never()) return ConfigError(what + " needs eval.every");
  EarlyStopSettings stop;
  stop.patience = GetOr<int64_t>(json, "patience", 1);
  stop.min_delta = GetOr<double>(json, "min_delta", 0);
  stop.min_epochs = GetOr<double>(json, "min_epochs", 0);
  if (stop.patience < 1 || !(stop.min_delta >= 0) || !(stop.min_epochs >= 0)) {
    return ConfigError(what +
                       " needs a patience of at least 1, and a min_delta and min_epochs that are "
                       "not negative");
  }
  EIDA_ASSIGN_OR_RETURN(const auto metric, ReadMetric(json, s.metric, what));
  EIDA_RETURN_IF_ERROR(CheckMeasured(job, metric.first, s.eval_numerics, what));
  stop.metric = metric.first;
  stop.maximize = stop.metric == s.metric ? s.maximize : metric.second;
  s.early_stop = stop;
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
    EIDA_ASSIGN_OR_RETURN(const auto metric, ReadMetric(eval, "loss", what + "eval"));
    s.metric = metric.first;
    s.maximize =
        GetOr<std::string>(eval, "goal", metric.second ? "maximize" : "minimize") == "maximize";
    EIDA_ASSIGN_OR_RETURN(s.eval_numerics, ReadNumerics(eval, what + "eval"));
    EIDA_RETURN_IF_ERROR(CheckMeasured(job, s.metric, s.eval_numerics, what + "eval"));
  }
  const auto keep = GetOr<std::vector<std::string>>(checkpoint, "keep", {"last"});
  s.keep_best = std::find(keep.begin(), keep.end(), "best") != keep.end();
  if (s.keep_best && s.eval_every.never())
    return ConfigError(what + "checkpoint.keep asks for the best, which needs eval.every");
  EIDA_RETURN_IF_ERROR(
      ReadEarlyStop(job, job.spec.value("early_stop", Json()), what + "early_stop", s));
  return s;
}

}  // namespace eida::engine
