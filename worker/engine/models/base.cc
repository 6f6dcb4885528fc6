#include "worker/engine/models/base.h"

#include <torch/torch.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "common/base/log_text.h"
#include "common/base/text.h"
#include "worker/engine/formats/safetensors.h"
#include "worker/engine/models/draw.h"

namespace eida::engine {
namespace {

constexpr char kIndex[] = "model/model.safetensors.index.json";

Result<std::vector<std::string>> WeightFiles(const Job& job) {
  const auto whole = job.inputs.find("model/model.safetensors");
  if (whole != job.inputs.end()) return std::vector<std::string>{whole->second};
  const auto index = job.inputs.find(kIndex);
  if (index == job.inputs.end()) {
    for (const auto& [role, path] : job.inputs) {
      if (role.rfind("model/", 0) == 0 && role.size() > 4 &&
          role.compare(role.size() - 4, 4, ".bin") == 0) {
        return ConfigError(
            "job " + job.name + ": " + role +
            " holds pickled weights, which can run code when they are read; "
            "save the model again with save_pretrained(DIR, safe_serialization=True)");
      }
    }
    return ConfigError("job " + job.name + ": neither model/model.safetensors nor " + kIndex +
                       " is among its inputs");
  }
  EIDA_ASSIGN_OR_RETURN(const Json json, ReadJsonFile(index->second));
  std::set<std::string> shards;
  const Json map = json.value("weight_map", Json::object());  // items() looks into it
  for (const auto& [tensor, file] : map.items()) {
    if (file.is_string()) shards.insert(file.get<std::string>());
  }
  if (shards.empty()) return ConfigError(index->second + ": has no weight_map");
  std::vector<std::string> paths;
  for (const std::string& shard : shards) {
    EIDA_ASSIGN_OR_RETURN(const std::string path, Input(job, "model/" + shard));
    paths.push_back(path);
  }
  return paths;
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t d : shape) text += (text.empty() ? "" : " x ") + std::to_string(d);
  return "[" + text + "]";
}

Status ReadWeights(const Job& job, Base& base) {
  EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> paths, WeightFiles(job));
  std::map<std::string, const Parameter*> wanted;
  for (const Parameter& p : base.model->parameters()) wanted[p.name] = &p;
  for (const std::string& path : paths) {
    EIDA_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(path));
    for (const std::string& stored : file.names()) {
      const std::string name = base.model->NameOf(stored);
      if (name.empty()) continue;  // position_ids, a pre-training head, a tied tensor again
      const at::Tensor tensor = file.Get(stored);
      const Parameter& parameter = *wanted.at(name);
      if (tensor.sizes().vec() != parameter.shape) {
        // A head of another size is another task's: this run gets a new one.
        if (base.model->IsHead(name)) continue;
        return ConfigError(path + ": tensor " + stored + " has shape " +
                           ShapeText(tensor.sizes().vec()) + ", config.json asks for " +
                           ShapeText(parameter.shape) +
                           ": the two files belong to different models");
      }
      if (!tensor.is_floating_point())
        return ConfigError(path + ": tensor " + stored + " is not floating point");
      if (!at::isfinite(tensor).all().item<bool>()) {
        return ConfigError(path + ": tensor " + stored +
                           " holds NaN or infinity: the file is damaged, or its training diverged; "
                           "take another checkpoint");
      }
      base.weights[name] = tensor.to(base.device, at::kFloat);
    }
  }
  std::vector<std::string> lost;
  for (const Parameter& p : base.model->parameters()) {
    if (base.weights.count(p.name) != 0) continue;
    if (p.buffer) {
      base.weights[p.name] = at::zeros(p.shape, at::TensorOptions().device(base.device));
      continue;
    }
    base.missing.push_back(p.name);
    if (p.init == Parameter::Init::kNone) lost.push_back(p.name);
  }
  if (!lost.empty()) {
    return ConfigError(paths.front() + " lacks " + std::to_string(lost.size()) +
                       " tensors that config.json asks for (first: " + lost.front() +
                       "): it is not a checkpoint of this model");
  }
  if (!base.missing.empty()) {
    LogInfo("newly initialised from the run's seed, as the checkpoint lacks them: " +
            Join(base.missing, ", "));
  }
  return OkStatus();
}

Result<std::shared_ptr<const Base>> ReadBase(const Job& job) {
  auto base = std::make_shared<Base>();
  const Json spec = job.spec.value("model", Json::object());
  EIDA_ASSIGN_OR_RETURN(base->config_path, Input(job, "model/config.json"));
  auto config = ReadJsonFile(base->config_path);
  if (!config.ok()) return config.status();
  base->config = std::move(*config);
  base->labels = GetOr<int64_t>(spec, "labels", 2);
  if (base->labels < 2) return ConfigError("job " + job.name + ": model.labels is below 2");
  base->device = at::Device(job.device);
  EIDA_ASSIGN_OR_RETURN(base->model, MakeModel(base->config, {base->labels, base->config_path}));
  EIDA_RETURN_IF_ERROR(ReadWeights(job, *base));
  const auto tokenizer_file = job.inputs.find("model/tokenizer.json");
  if (tokenizer_file == job.inputs.end())
    return ConfigError("job " + job.name + ": model/tokenizer.json is not among its inputs");
  EIDA_ASSIGN_OR_RETURN(base->tokenizer, Tokenizer::Open(tokenizer_file->second));
  if (base->tokenizer.vocabulary() > base->model->vocabulary()) {
    return ConfigError(
        tokenizer_file->second + " has " + std::to_string(base->tokenizer.vocabulary()) +
        " tokens, but the model embeds only " + std::to_string(base->model->vocabulary()) +
        ": the tokenizer belongs to another model");
  }
  return std::shared_ptr<const Base>(std::move(base));
}

}  // namespace

int64_t Base::parameters() const {
  int64_t count = 0;
  for (const Parameter& p : model->parameters()) {
    const auto found = weights.find(p.name);
    if (found != weights.end() && !p.buffer && !model->IsHead(p.name))
      count += found->second.numel();
  }
  return count;
}

Weights Base::Fresh(uint64_t seed) const {
  Weights fresh;
  for (const Parameter& p : model->parameters()) {
    if (std::find(missing.begin(), missing.end(), p.name) == missing.end()) continue;
    const at::Tensor tensor = p.init == Parameter::Init::kNormal
                                  ? DrawNormal(p.shape, p.spread, seed, "init/" + p.name)
                                  : at::zeros(p.shape, at::kFloat);
    fresh[p.name] = tensor.to(device);
  }
  return fresh;
}

Result<std::shared_ptr<const Base>> LoadBase(const Job& job) {
  static std::mutex mutex;
  static std::string last_key;
  static std::shared_ptr<const Base> last;
  const std::lock_guard<std::mutex> lock(mutex);
  std::string key = job.device + "\n" + job.spec.value("model", Json::object()).dump();
  for (const auto& [role, path] : job.inputs) {
    if (role.rfind("model/", 0) == 0) key += "\n" + role + "=" + path;
  }
  if (last != nullptr && key == last_key) return last;
  last = nullptr;  // before the next one is read: two may not fit into memory
  EIDA_ASSIGN_OR_RETURN(last, ReadBase(job));
  last_key = key;
  return last;
}

Result<std::unique_ptr<Model>> MakeRunModel(const Base& base, const Json& dropout) {
  EIDA_ASSIGN_OR_RETURN(std::unique_ptr<Model> model,
                        MakeModel(base.config, {base.labels, base.config_path}));
  if (dropout.is_number()) model->SetDropout(dropout.get<double>());
  return model;
}

}  // namespace eida::engine
