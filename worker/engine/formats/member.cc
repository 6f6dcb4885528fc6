#include "worker/engine/formats/member.h"

#include <algorithm>

#include "worker/engine/formats/peft.h"

namespace eida::engine {
namespace {

constexpr char kSettings[] = "eida.adapter";

}  // namespace

Result<MemberFile> OpenMember(const std::string& path) {
  MemberFile member;
  std::map<std::string, std::string> metadata;
  EIDA_ASSIGN_OR_RETURN(member.tensors, ReadSafetensors(path, &metadata));
  Json settings = {{"type", "none"}};
  const auto found = metadata.find(kSettings);
  if (found != metadata.end()) {
    EIDA_ASSIGN_OR_RETURN(settings, ParseJson(found->second, path + ": metadata " + kSettings));
  }
  // Under PEFT's names and without our settings, rank and scale are unknown; as a model it would
  // change nothing.
  const bool peft_file =
      std::any_of(member.tensors.begin(), member.tensors.end(),
                  [](const auto& t) { return t.first.rfind(peft::kPrefix, 0) == 0; });
  if (found == metadata.end() && peft_file)
    return ConfigError(path + " is an adapter file of PEFT without Eida's metadata " + kSettings +
                       ", so its rank and scale are unknown; merge it in Python "
                       "(model.merge_and_unload().save_pretrained(DIR)) and use DIR as the model");
  auto adapter = MakeAdapter(settings);
  if (!adapter.ok()) return Annotate(adapter.status(), path);
  member.adapter = std::move(*adapter);
  return member;
}

Result<Weights> ReadMember(const Base& base, const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(const MemberFile member, OpenMember(path));
  auto merged = member.adapter->Merge(base, member.tensors);
  if (!merged.ok()) return Annotate(merged.status(), path);
  return merged;
}

Status WriteMember(const Adapter& adapter, const Weights& trained, const std::string& path) {
  return WriteSafetensors(trained, {{"format", "pt"}, {kSettings, Canonical(adapter.settings())}},
                          path);
}

}  // namespace eida::engine
