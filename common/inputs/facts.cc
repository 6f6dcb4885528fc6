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

// Tensors of the base model as transformers counts them: no buffers, no heads.
bool CountsAsBase(const std::string& name) {
  for (const char* head : {"classifier.", "cls.", "qa_outputs.", "lm_head."}) {
    if (name.rfind(head, 0) == 0) return false;
  }
  return name.find("position_ids") == std::string::npos &&
         name.find("token_type_ids") == std::string::npos;
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
  if (tensors.empty()) return InvalidArgument("the model's safetensors files hold no tensor");
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
  EIDA_ASSIGN_OR_RETURN(facts.hidden_size, Require<int64_t>(config, "hidden_size", "config.json"));
  EIDA_ASSIGN_OR_RETURN(facts.layers, Require<int64_t>(config, "num_hidden_layers", "config.json"));
  EIDA_ASSIGN_OR_RETURN(facts.vocabulary, Require<int64_t>(config, "vocab_size", "config.json"));
  EIDA_ASSIGN_OR_RETURN(facts.max_positions,
                        Require<int64_t>(config, "max_position_embeddings", "config.json"));
  EIDA_ASSIGN_OR_RETURN(const std::vector<TensorFact> tensors, ReadHeaders(headers));
  const std::string prefix = model->id + ".";
  for (const TensorFact& tensor : tensors) {
    const std::string name =
        tensor.name.rfind(prefix, 0) == 0 ? tensor.name.substr(prefix.size()) : tensor.name;
    if (!CountsAsBase(name)) continue;
    int64_t count = 1;
    for (int64_t d : tensor.shape) count *= d;
    facts.parameters += count;
    const std::string module = ModuleOf(name);
    const std::string role = catalog::RoleOf(*model, module);
    if (!role.empty() && tensor.shape.size() == 2)
      facts.sites.push_back({module, role, tensor.shape[0], tensor.shape[1]});
  }
  std::sort(facts.sites.begin(), facts.sites.end(),
            [](const SiteFact& a, const SiteFact& b) { return a.name < b.name; });
  const int64_t queries = std::count_if(facts.sites.begin(), facts.sites.end(),
                                        [](const SiteFact& s) { return s.role == "query"; });
  if (queries != facts.layers) {
    return InvalidArgument("config.json says " + std::to_string(facts.layers) +
                           " layers, but the weights hold " + std::to_string(queries) +
                           ": the files do not belong together");
  }
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
