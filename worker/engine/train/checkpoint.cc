#include "worker/engine/train/checkpoint.h"

#include <torch/torch.h>

namespace eida::engine {
namespace {

constexpr char kFormat[] = "eida/checkpoint/v1";
constexpr char kState[] = "eida.state";
constexpr char kModel[] = "model.";
constexpr char kFixed[] = "fixed.";
constexpr char kAvg[] = "exp_avg.";
constexpr char kAvgSq[] = "exp_avg_sq.";
constexpr char kBest[] = "best.";

void Put(const Weights& from, const char* prefix, Weights& into) {
  for (const auto& [name, tensor] : from) into[prefix + name] = tensor;
}

Weights Take(const Weights& from, const std::string& prefix) {
  Weights taken;
  for (const auto& [name, tensor] : from) {
    if (name.rfind(prefix, 0) == 0) taken[name.substr(prefix.size())] = tensor;
  }
  return taken;
}

}  // namespace

Status WriteCheckpoint(const RunState& state, const std::string& identity, const Json& where,
                       const std::string& path) {
  Weights tensors;
  Put(state.trainable, kModel, tensors);
  Put(state.fixed, kFixed, tensors);
  Put(state.exp_avg, kAvg, tensors);
  Put(state.exp_avg_sq, kAvgSq, tensors);
  Json json = {
      {"format", kFormat},
      {"run", identity},
      {"where", where},
      {"step", state.step},
      {"cycle", state.cycle},
      {"items", state.items},
      {"labels", state.labels},
      {"tokens", state.tokens},
      {"loss_sum", state.loss_sum},
      {"interval", {{"loss", state.interval_loss}, {"labels", state.interval_labels}}},
      {"optimizer_steps", state.optimizer_steps},
      {"epoch",
       {{"index", state.epoch.index}, {"begin", state.epoch.begin}, {"end", state.epoch.end}}},
      {"scaler", {{"scale", state.scaler.scale}, {"good_steps", state.scaler.good_steps}}},
      {"skipped", state.skipped},
      {"early_stop", {{"waited", state.early_stop.waited}}}};
  if (state.early_stop.best) json["early_stop"]["best"] = *state.early_stop.best;
  if (state.best) {
    json["best"] = {{"step", state.best->step}, {"scores", state.best->scores}};
    Put(state.best->weights, kBest, tensors);
  }
  return WriteSafetensors(tensors, {{"format", "pt"}, {kState, Canonical(json)}}, path);
}

Result<RunState> ReadCheckpoint(const std::string& path, const std::string& identity) {
  std::map<std::string, std::string> metadata;
  EIDA_ASSIGN_OR_RETURN(const Weights tensors, ReadSafetensors(path, &metadata));
  const auto text = metadata.find(kState);
  if (text == metadata.end())
    return ConfigError(path + " is not a checkpoint: it has no metadata " + kState);
  EIDA_ASSIGN_OR_RETURN(const Json json, ParseJson(text->second, path + ": " + kState));
  if (GetOr<std::string>(json, "format", "") != kFormat)
    return ConfigError(path + " is not a checkpoint of format " + kFormat);
  if (GetOr<std::string>(json, "run", "") != identity) {
    return ConfigError(path + " is the checkpoint of a run with other settings; start without it");
  }
  RunState state;
  state.step = GetOr<int64_t>(json, "step", -1);
  state.items = GetOr<int64_t>(json, "items", 0);
  state.cycle = GetOr<int64_t>(json, "cycle", 0);
  state.labels = GetOr<int64_t>(json, "labels", state.items);
  state.tokens = GetOr<int64_t>(json, "tokens", 0);
  state.loss_sum = GetOr<double>(json, "loss_sum", 0);
  const Json interval = json.value("interval", Json::object());
  state.interval_loss = GetOr<double>(interval, "loss", 0);
  // Checkpoints of classifiers from before there were other models count items.
  state.interval_labels = GetOr<int64_t>(interval, "labels", GetOr<int64_t>(interval, "items", 0));
  if (state.step < 0) return ConfigError(path + " is not a checkpoint: its state has no step");
  // Checkpoints of earlier versions lack what follows: their runs had one cycle and no scaler.
  state.optimizer_steps = GetOr<int64_t>(json, "optimizer_steps", state.step);
  const Json epoch = json.value("epoch", Json::object()),
             scaler = json.value("scaler", Json::object()),
             stop = json.value("early_stop", Json::object());
  state.epoch = {GetOr<int64_t>(epoch, "index", 0), GetOr<int64_t>(epoch, "begin", 0),
                 GetOr<int64_t>(epoch, "end", 0)};
  state.scaler = {GetOr<double>(scaler, "scale", ScalerState().scale),
                  GetOr<int64_t>(scaler, "good_steps", 0)};
  state.skipped = GetOr<int64_t>(json, "skipped", 0);
  state.early_stop.waited = GetOr<int64_t>(stop, "waited", 0);
  if (stop.contains("best")) state.early_stop.best = GetOr<double>(stop, "best", 0);
  state.trainable = Take(tensors, kModel);
  state.fixed = Take(tensors, kFixed);
  state.exp_avg = Take(tensors, kAvg);
  state.exp_avg_sq = Take(tensors, kAvgSq);
  if (json.contains("best")) {
    state.best = BestSoFar{GetOr<int64_t>(json["best"], "step", 0),
                           json["best"].value("scores", Json::object()), Take(tensors, kBest)};
  }
  return state;
}

}  // namespace eida::engine
