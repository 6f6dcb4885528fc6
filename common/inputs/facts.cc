#include "common/inputs/facts.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace eida::inputs {
namespace {

constexpr int64_t kMaxHeader = 100'000'000;  // the format's own cap

// Tensors of the base model as transformers counts them: no buffers, no heads, no second name of a
// tied tensor. `name` has no prefix.
bool CountsAsBase(const std::string& name) {
  for (const char* other : {"classifier.", "cls.", "qa_outputs.", "lm_head.", "final_logits_bias",
                            "encoder.embed_tokens.", "decoder.embed_tokens."}) {
    if (name.rfind(other, 0) == 0) return false;
  }
  for (const char* buffer : {"position_ids", "token_type_ids", ".attn.bias", ".attn.masked_bias"}) {
    if (name.find(buffer) != std::string::npos) return false;
  }
  return true;
}

// The first of several names under which families keep a number of config.json.
Result<int64_t> NumberOf(const Json& config, const std::vector<const char*>& keys) {
  for (const char* key : keys) {
    if (config.contains(key)) return Require<int64_t>(config, key, "config.json");
  }
  return Require<int64_t>(config, keys.front(), "config.json");
}

Result<std::vector<TensorFact>> ReadHeaders(const std::map<std::string, std::string>& headers) {
  std::vector<TensorFact> tensors;
  for (const auto& [file, text] : headers) {
    EIDA_ASSIGN_OR_RETURN(const Json header, ParseJson(text, file));
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") continue;
      TensorFact fact;
      fact.name = name;
      fact.dtype = GetOr<std::string>(entry, "dtype", "");
      fact.shape = GetOr<std::vector<int64_t>>(entry, "shape", {});
      tensors.push_back(std::move(fact));
    }
  }
  if (tensors.empty()) return InvalidArgument("the safetensors files hold no tensor");
  return tensors;
}

std::string ModuleOf(const std::string& weight) {
  return weight.size() > 7 && weight.compare(weight.size() - 7, 7, ".weight") == 0
             ? weight.substr(0, weight.size() - 7)
             : "";
}

}  // namespace

Result<ModelFacts> MakeModelFacts(const std::string& config_json,
                                  const std::map<std::string, std::string>& headers) {
  EIDA_ASSIGN_OR_RETURN(const Json config, ParseJson(config_json, "config.json"));
  ModelFacts facts;
  facts.architecture = GetOr<std::string>(config, "model_type", "");
  const catalog::Model* model = catalog::Find(catalog::Models(), facts.architecture);
  if (model == nullptr) {
    return InvalidArgument(
        "config.json: model_type is \"" + facts.architecture +
        "\", this version reads: " + Join(catalog::Ids(catalog::Models()), ", "));
  }
  EIDA_ASSIGN_OR_RETURN(facts.hidden_size, NumberOf(config, {"hidden_size", "n_embd", "d_model"}));
  if (config.contains("decoder_layers")) {  // two stacks
    EIDA_ASSIGN_OR_RETURN(facts.layers, NumberOf(config, {"encoder_layers"}));
    EIDA_ASSIGN_OR_RETURN(const int64_t decoder, NumberOf(config, {"decoder_layers"}));
    facts.layers += decoder;
  } else {
    EIDA_ASSIGN_OR_RETURN(facts.layers, NumberOf(config, {"num_hidden_layers", "n_layer"}));
  }
  EIDA_ASSIGN_OR_RETURN(facts.vocabulary, NumberOf(config, {"vocab_size"}));
  EIDA_ASSIGN_OR_RETURN(facts.max_positions,
                        NumberOf(config, {"max_position_embeddings", "n_positions"}));
  // RoBERTa's positions begin behind the padding token's.
  if (model->id == "roberta") facts.max_positions -= GetOr<int64_t>(config, "pad_token_id", 1) + 1;
  EIDA_ASSIGN_OR_RETURN(const std::vector<TensorFact> tensors, ReadHeaders(headers));
  for (const TensorFact& tensor : tensors) {
    const std::string name = catalog::WithoutPrefix(*model, tensor.name);
    if (!CountsAsBase(name)) continue;
    int64_t count = 1;
    for (int64_t d : tensor.shape) count *= d;
    facts.parameters += count;
    facts.tensors[model->prefix + name] = count;
    const std::string module = ModuleOf(name);
    if (module.empty() || tensor.shape.size() != 2) continue;
    for (catalog::SiteShape& site :
         catalog::SitesOf(*model, model->prefix + module, tensor.shape[0], tensor.shape[1]))
      facts.sites.push_back(std::move(site));
  }
  for (const catalog::Role& role : model->roles) {
    if (!role.in_head) continue;
    for (catalog::SiteShape& site :
         catalog::SitesOf(*model, role.pattern, facts.hidden_size, facts.hidden_size))
      facts.sites.push_back(std::move(site));
  }
  std::sort(
      facts.sites.begin(), facts.sites.end(),
      [](const catalog::SiteShape& a, const catalog::SiteShape& b) { return a.name < b.name; });
  const int64_t queries =
      std::count_if(facts.sites.begin(), facts.sites.end(),
                    [](const catalog::SiteShape& s) { return s.role == "query"; });
  if (queries != facts.layers) {
    return InvalidArgument("config.json says " + std::to_string(facts.layers) +
                           " layers, but the weights hold " + std::to_string(queries) +
                           ": the files do not belong together");
  }
  return facts;
}

std::vector<catalog::ParameterName> ParametersOf(const ModelFacts& model) {
  std::vector<catalog::ParameterName> names;
  for (const auto& [name, numbers] : model.tensors) names.push_back({name, false});
  const catalog::Model* entry = catalog::Find(catalog::Models(), model.architecture);
  if (entry == nullptr || entry->generates) return names;
  std::string last = "classifier";  // the last projection, which is no site
  for (const catalog::SiteShape& site : model.sites) {
    if (!site.in_head) continue;
    names.push_back({site.weight(), true});
    names.push_back({site.bias(), true});
    last = "classifier.out_proj";
  }
  names.push_back({last + ".weight", true});
  names.push_back({last + ".bias", true});
  return names;
}

Result<AdapterFacts> MakeAdapterFacts(const std::string& path, const std::string& config,
                                      const std::string& header) {
  AdapterFacts facts{path, config, {}};
  EIDA_ASSIGN_OR_RETURN(facts.tensors,
                        ReadHeaders({{path + "/adapter_model.safetensors", header}}));
  return facts;
}

Result<std::string> ReadSafetensorsHeader(const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, path);
  std::array<unsigned char, 8> raw{};
  uint64_t length = 0;
  bool ok = pread(fd, raw.data(), 8, 0) == 8;
  std::memcpy(&length, raw.data(), 8);
  ok =
      ok && length <= static_cast<uint64_t>(kMaxHeader) && static_cast<int64_t>(length) + 8 <= size;
  std::string header(ok ? length : 0, '\0');
  ok = ok && pread(fd, header.data(), length, 8) == static_cast<ssize_t>(length);
  close(fd);
  if (!ok)
    return DataLoss(path + " is truncated or not a safetensors file (" + std::to_string(size) +
                    " bytes, header of " + std::to_string(length) + "): fetch it again");
  const Result<Json> parsed = ParseJson(header, path);
  if (!parsed.ok() || !parsed->is_object())
    return DataLoss(path + ": the safetensors header is damaged: fetch the file again");
  int64_t end = 0;
  for (const auto& [name, entry] : parsed->items()) {
    if (name == "__metadata__") continue;
    const auto offsets = GetOr<std::vector<int64_t>>(entry, "data_offsets", {});
    if (offsets.size() != 2 || offsets[0] < 0 || offsets[1] < offsets[0])
      return DataLoss(path + ": tensor \"" + name +
                      "\" has no valid data_offsets: fetch the file again");
    end = std::max(end, offsets[1]);
  }
  const int64_t expected = 8 + static_cast<int64_t>(length) + end;
  if (expected != size) {
    return DataLoss(path + " is " + (size < expected ? "truncated" : "too long") +
                    ": its header promises " + std::to_string(expected) + " bytes, the file has " +
                    std::to_string(size) + ": fetch it again");
  }
  return header;
}

}  // namespace eida::inputs
