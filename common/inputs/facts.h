// What a Hugging Face directory holds, read without torch: enough to plan, to count parameters and
// to refuse what cannot work.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/catalog/lora.h"
#include "common/catalog/sites.h"

namespace eida::inputs {

struct TensorFact {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
};

struct ModelFacts {
  std::string architecture;  // a models.def id, from config.json's model_type
  int64_t parameters = 0;    // of the checkpoint, buffers and heads excluded
  int64_t hidden_size = 0;
  int64_t layers = 0;
  int64_t vocabulary = 0;
  int64_t max_positions = 0;
  std::vector<catalog::SiteShape> sites;  // names with the model's prefix
  // Parameters of the base model and how many numbers each holds; names with the prefix.
  std::map<std::string, int64_t> tensors;
};

// The base model's parameters and the head's, which a checkpoint may lack.
std::vector<catalog::ParameterName> ParametersOf(const ModelFacts& model);

// An adapter's directory as PEFT writes it.
struct AdapterFacts {
  std::string path;                 // for messages
  std::string config;               // adapter_config.json
  std::vector<TensorFact> tensors;  // of adapter_model.safetensors
};
// `header`: the JSON header of adapter_model.safetensors.
Result<AdapterFacts> MakeAdapterFacts(const std::string& path, const std::string& config,
                                      const std::string& header);

// `headers`: for each safetensors file its JSON header. Errors say what is missing and what can be
// read instead.
Result<ModelFacts> MakeModelFacts(const std::string& config_json,
                                  const std::map<std::string, std::string>& headers);

// The JSON header of a safetensors file; DataLoss naming the file when it is truncated or its
// offsets do not fit its size.
Result<std::string> ReadSafetensorsHeader(const std::string& path);

// The files of a model directory that a study needs: file name -> path. Refuses pickle weights
// (with how to convert them), a missing config or tokenizer, an index whose shards are absent, a
// tokenizer whose ids do not fit the embedding.
Result<std::map<std::string, std::string>> ModelFiles(const std::string& directory);

// The same of an adapter's directory: adapter_config.json and adapter_model.safetensors.
Result<std::map<std::string, std::string>> AdapterFiles(const std::string& directory);

}  // namespace eida::inputs
