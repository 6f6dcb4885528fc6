#include "worker/engine/formats/member.h"

#include <torch/torch.h>

#include <algorithm>

#include "common/base/fs.h"
#include "common/inputs/facts.h"
#include "worker/engine/formats/peft.h"
#include "worker/engine/formats/peft_read.h"

namespace eida::engine {
namespace {

constexpr char kSettings[] = "eida.adapter";

// The settings that decide what an adapter's tensors mean.
Json Meaning(const Adapter& adapter) {
  Json settings = adapter.settings();
  for (const char* key : {"dropout", "init"}) settings.erase(key);
  return settings;
}

// What keeps two members' tensors from being mixed one by one; "" when nothing does.
std::string Difference(const MemberFile& a, const MemberFile& b) {
  const Json left = Meaning(*a.adapter), right = Meaning(*b.adapter);
  for (const Json* side : {&left, &right}) {
    for (const auto& [key, value] : side->items()) {
      const Json other = (side == &left ? right : left).value(key, Json());
      if (value != other)
        return key + " is " + left.value(key, Json()).dump() + " in one and " +
               right.value(key, Json()).dump() + " in the other";
    }
  }
  for (const auto* side : {&a, &b}) {
    const auto& others = side == &a ? b.tensors : a.tensors;
    for (const auto& [name, tensor] : side->tensors) {
      const auto other = others.find(name);
      if (other == others.end()) return "only one has " + name;
      if (other->second.sizes() != tensor.sizes()) return "the shapes of " + name + " differ";
    }
  }
  return "";
}

}  // namespace

Result<MemberFile> OpenMember(const Base& base, const std::string& path) {
  if (IsDirectory(path)) {
    const auto files = inputs::AdapterFiles(path);
    if (!files.ok()) return ConfigError(Message(files.status()));
    return peft::Read(base, files->at("adapter_config.json"),
                      files->at("adapter_model.safetensors"));
  }
  MemberFile member;
  std::map<std::string, std::string> metadata;
  EIDA_ASSIGN_OR_RETURN(member.tensors, ReadSafetensors(path, &metadata));
  Json settings = {{"type", "none"}};
  const auto found = metadata.find(kSettings);
  if (found != metadata.end()) {
    EIDA_ASSIGN_OR_RETURN(settings, ParseJson(found->second, path + ": metadata " + kSettings));
  }
  // Under PEFT's names and without our settings, rank and scale stand in the file beside it.
  const bool peft_file =
      std::any_of(member.tensors.begin(), member.tensors.end(),
                  [](const auto& t) { return t.first.rfind(peft::kPrefix, 0) == 0; });
  if (found == metadata.end() && peft_file) {
    const std::string config = JoinPath(DirName(path), "adapter_config.json");
    if (FileExists(config)) return peft::Read(base, config, path);
    return ConfigError(path +
                       " is an adapter file of PEFT, but adapter_config.json is not beside "
                       "it, so its rank and scale are unknown; copy it there");
  }
  auto adapter = MakeAdapter(settings);
  if (!adapter.ok()) return Annotate(adapter.status(), path);
  member.adapter = std::move(*adapter);
  return member;
}

Result<Weights> ReadMember(const Base& base, const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(const MemberFile member, OpenMember(base, path));
  auto merged = member.adapter->Merge(base, member.tensors);
  if (!merged.ok()) return Annotate(merged.status(), path);
  return merged;
}

Result<Line> LineOfAdapters(const Base& base, const std::string& path_a,
                            const std::string& path_b) {
  EIDA_ASSIGN_OR_RETURN(MemberFile opened_a, OpenMember(base, path_a));
  EIDA_ASSIGN_OR_RETURN(MemberFile opened_b, OpenMember(base, path_b));
  if (const std::string difference = Difference(opened_a, opened_b); !difference.empty()) {
    return ConfigError(
        "space \"adapter\" mixes the tensors of two adapters of one structure, but " + difference +
        "; use space \"merged\", or pairs of the same variant");
  }
  const auto a = std::make_shared<const MemberFile>(std::move(opened_a));
  const auto b = std::make_shared<const MemberFile>(std::move(opened_b));
  return Line([&base, a, b](double alpha) {
    if (alpha == 1) return a->adapter->Merge(base, a->tensors);
    if (alpha == 0) return b->adapter->Merge(base, b->tensors);
    const at::NoGradGuard no_grad;
    Weights mixed;
    for (const auto& [name, tensor] : a->tensors) {
      mixed[name] = at::lerp(b->tensors.at(name).to(at::kFloat), tensor.to(at::kFloat), alpha);
    }
    return a->adapter->Merge(base, mixed);
  });
}

Status WriteMember(const Adapter& adapter, const Weights& trained, const std::string& path) {
  return WriteSafetensors(trained, {{"format", "pt"}, {kSettings, Canonical(adapter.settings())}},
                          path);
}

}  // namespace eida::engine
