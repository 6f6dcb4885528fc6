#include <algorithm>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "common/inputs/facts.h"

namespace eida::inputs {
namespace {

// The largest id of a tokenizer.json, whatever its model's kind.
Result<int64_t> LargestTokenId(const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(const Json tokenizer, ReadJsonFile(path));
  int64_t largest = -1;
  const auto model = tokenizer.find("model");
  if (model == tokenizer.end() || !model->is_object() || !model->contains("vocab"))
    return InvalidArgument(
        path + ": has no model.vocab, so it is not a tokenizer of the tokenizers library");
  const Json& vocabulary = (*model)["vocab"];
  if (vocabulary.is_array())
    largest = static_cast<int64_t>(vocabulary.size()) - 1;
  else
    for (const auto& [token, id] : vocabulary.items())
      largest = std::max(largest, id.is_number_integer() ? id.get<int64_t>() : -1);
  for (const Json& added : tokenizer.value("added_tokens", Json::array()))
    largest = std::max(largest, GetOr<int64_t>(added, "id", -1));
  return largest;
}

// The shards that model.safetensors.index.json names.
Result<std::vector<std::string>> Shards(const std::string& index) {
  EIDA_ASSIGN_OR_RETURN(const Json json, ReadJsonFile(index));
  std::vector<std::string> shards;
  const Json map = json.value("weight_map", Json::object());  // items() looks into it
  for (const auto& [tensor, file] : map.items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    if (name.empty() || name.find('/') != std::string::npos)
      return InvalidArgument(index + ": weight_map names \"" + name + "\", which is no file name");
    if (std::find(shards.begin(), shards.end(), name) == shards.end()) shards.push_back(name);
  }
  if (shards.empty()) return InvalidArgument(index + ": has no weight_map");
  return shards;
}

Status RefuseMissingWeights(const std::string& directory) {
  for (const char* pickle :
       {"pytorch_model.bin", "pytorch_model.bin.index.json", "model.pt", "model.bin"}) {
    if (FileExists(JoinPath(directory, pickle))) {
      return InvalidArgument(directory + " holds pickle weights (" + pickle +
                             "), which can run code when they are read; convert them once: python "
                             "-c \"from transformers import "
                             "AutoModel; AutoModel.from_pretrained('" +
                             directory + "').save_pretrained('" + directory +
                             "', safe_serialization=True)\"");
    }
  }
  return NotFound(directory +
                  " has no model.safetensors: model.path names a Hugging Face directory "
                  "(config.json, tokenizer.json, model.safetensors)");
}

}  // namespace

Result<std::map<std::string, std::string>> AdapterFiles(const std::string& directory) {
  if (!IsDirectory(directory))
    return NotFound("there is no adapter directory " + directory +
                    ": PEFT writes one with save_pretrained (adapter_config.json, "
                    "adapter_model.safetensors)");
  if (!FileExists(JoinPath(directory, "adapter_model.safetensors")) &&
      FileExists(JoinPath(directory, "adapter_model.bin"))) {
    return InvalidArgument(directory +
                           " holds a pickled adapter (adapter_model.bin), which can run code when "
                           "it is read; save it again with save_pretrained(DIR, "
                           "safe_serialization=True)");
  }
  std::map<std::string, std::string> files;
  for (const char* name : {"adapter_config.json", "adapter_model.safetensors"}) {
    files[name] = JoinPath(directory, name);
    if (!FileExists(files[name])) return NotFound(directory + " has no " + name);
  }
  return files;
}

Result<std::map<std::string, std::string>> ModelFiles(const std::string& directory) {
  if (!IsDirectory(directory))
    return NotFound("there is no model directory " + directory +
                    ": model.path names a Hugging Face directory (config.json, tokenizer.json, "
                    "model.safetensors)");
  std::map<std::string, std::string> files;
  const auto add = [&](const std::string& name) { files[name] = JoinPath(directory, name); };
  for (const char* name : {"config.json", "tokenizer.json"}) {
    if (!FileExists(JoinPath(directory, name)))
      return NotFound(directory + " has no " + name +
                      (std::string(name) == "tokenizer.json"
                           ? ": save the fast tokenizer there "
                             "(AutoTokenizer.from_pretrained(...).save_pretrained(DIR))"
                           : ""));
    add(name);
  }
  if (FileExists(JoinPath(directory, "tokenizer_config.json"))) add("tokenizer_config.json");
  if (FileExists(JoinPath(directory, "model.safetensors"))) {
    add("model.safetensors");
  } else if (FileExists(JoinPath(directory, "model.safetensors.index.json"))) {
    add("model.safetensors.index.json");
    EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> shards,
                          Shards(files["model.safetensors.index.json"]));
    for (const std::string& shard : shards) {
      if (!FileExists(JoinPath(directory, shard)))
        return NotFound(directory + " lacks the shard " + shard +
                        " that model.safetensors.index.json names");
      add(shard);
    }
  } else {
    return RefuseMissingWeights(directory);
  }
  EIDA_ASSIGN_OR_RETURN(const Json config, ReadJsonFile(files["config.json"]));
  EIDA_ASSIGN_OR_RETURN(const int64_t largest, LargestTokenId(files["tokenizer.json"]));
  const int64_t vocabulary = GetOr<int64_t>(config, "vocab_size", 0);
  if (vocabulary > 0 && largest >= vocabulary) {
    return InvalidArgument(files["tokenizer.json"] + " has token ids up to " +
                           std::to_string(largest) + ", but the model embeds only " +
                           std::to_string(vocabulary) +
                           " (config.json: vocab_size): the tokenizer belongs to another model");
  }
  return files;
}

}  // namespace eida::inputs
