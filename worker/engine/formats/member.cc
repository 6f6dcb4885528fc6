#include "worker/engine/formats/member.h"

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
