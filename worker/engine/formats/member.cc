#include "worker/engine/formats/member.h"

#include <algorithm>

#include "common/base/fs.h"
#include "common/inputs/facts.h"
#include "worker/engine/formats/peft.h"
#include "worker/engine/formats/peft_read.h"

namespace eida::engine {
namespace {

constexpr char kSettings[] = "eida.adapter";

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

Status WriteMember(const Adapter& adapter, const Weights& trained, const std::string& path) {
  return WriteSafetensors(trained, {{"format", "pt"}, {kSettings, Canonical(adapter.settings())}},
                          path);
}

}  // namespace eida::engine
