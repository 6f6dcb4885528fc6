#include "worker/engine/fresh/fresh.h"

#include <torch/torch.h>

#include <algorithm>

#include "common/base/fs.h"
#include "worker/engine/formats/tokenizer_train.h"
#include "worker/engine/job.h"
#include "worker/engine/models/draw.h"
#include "worker/engine/models/model.h"

namespace eida::engine {
namespace {

// Puts the last tokens behind the learned ones, and the frame around texts. Returns how many tokens
// there are.
Result<int64_t> Finish(const Recipe& recipe, Json& tokenizer) {
  Json& vocabulary = tokenizer["model"]["vocab"];
  for (Json token : recipe.last_tokens) {
    const std::string content = token["content"];
    token["id"] = vocabulary.size();
    if (vocabulary.is_array()) {  // Unigram's
      vocabulary.push_back({content, 0.0});
    } else {
      vocabulary[content] = token["id"];
    }
    tokenizer["added_tokens"].push_back(std::move(token));
  }
  std::map<std::string, int64_t> ids;
  for (const Json& token : tokenizer["added_tokens"]) ids[token["content"]] = token["id"];
  if (recipe.frame)
    tokenizer["post_processor"] =
        recipe.frame([&](const std::string& token) { return ids.at(token); });
  return static_cast<int64_t>(vocabulary.size());
}

at::Tensor FirstWeight(const Recipe& recipe, const Parameter& p, uint64_t seed) {
  const bool matrix = p.shape.size() > 1 && !p.buffer;
  if (!matrix) {  // a bias, or a norm's weight
    const bool one = p.shape.size() == 1 && p.name.ends_with(".weight");
    return one ? at::ones(p.shape, at::kFloat) : at::zeros(p.shape, at::kFloat);
  }
  double spread = recipe.spread;
  for (const auto& [ending, other] : recipe.spreads) {
    if (p.name.ends_with(ending)) spread = other;
  }
  const at::Tensor weight = DrawNormal(p.shape, spread, seed, "fresh/" + p.name);
  if (const auto row = recipe.zero_rows.find(p.name); row != recipe.zero_rows.end())
    weight[row->second].zero_();
  return weight;
}

}  // namespace

Result<FreshModel> MakeFreshModel(const std::string& family, const FreshSizes& sizes, uint64_t seed,
                                  const std::vector<std::string>& texts) {
  EIDA_ASSIGN_OR_RETURN(const Recipe recipe, MakeRecipe(family, sizes));
  FreshModel fresh;
  const int64_t learned = sizes.vocabulary - static_cast<int64_t>(recipe.last_tokens.size());
  EIDA_ASSIGN_OR_RETURN(fresh.tokenizer,
                        TrainTokenizer(recipe.tokenizer, texts, std::max<int64_t>(0, learned)));
  EIDA_ASSIGN_OR_RETURN(const int64_t vocabulary, Finish(recipe, fresh.tokenizer));
  fresh.tokenizer_config = recipe.tokenizer_config;
  fresh.config = recipe.config;
  fresh.config["vocab_size"] = vocabulary;
  const bool head = sizes.labels > 0;
  EIDA_ASSIGN_OR_RETURN(const std::unique_ptr<Model> model,
                        MakeModel(fresh.config, {head ? sizes.labels : 2, "config.json"}));
  if (head && model->generates())
    return ConfigError("a new model: " + family + " predicts tokens, labels are a classifier's");
  for (const Parameter& p : model->parameters()) {
    if (head || !model->IsHead(p.name)) fresh.weights[p.name] = FirstWeight(recipe, p, seed);
  }
  if (head || model->generates()) {
    fresh.config = model->ExportConfig(fresh.config);
  } else {
    fresh.config["architectures"] = {recipe.base_architecture};
  }
  return fresh;
}

Status WriteFreshModel(const FreshModel& model, const std::string& directory) {
  EIDA_RETURN_IF_ERROR(MakeDirs(directory));
  const auto write = [&](const char* name, const Json& json, int indent) {
    return WriteFileAtomic(JoinPath(directory, name), json.dump(indent) + "\n");
  };
  EIDA_RETURN_IF_ERROR(WriteSafetensors(model.weights, {{"format", "pt"}},
                                        JoinPath(directory, "model.safetensors")));
  EIDA_RETURN_IF_ERROR(write("tokenizer.json", model.tokenizer, -1));
  EIDA_RETURN_IF_ERROR(write("tokenizer_config.json", model.tokenizer_config, 2));
  return write("config.json", model.config, 2);
}

}  // namespace eida::engine
