#include "worker/engine/formats/export.h"

#include <algorithm>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "worker/engine/formats/peft.h"

namespace eida::engine {

Result<std::vector<std::string>> ExportModel(const Job& job, const Base& base,
                                             const Weights& merged, const std::string& directory) {
  Weights whole = base.weights;
  for (const auto& [name, tensor] : merged) whole[name] = tensor;
  for (const Parameter& p : base.model->parameters()) {
    if (whole.count(p.name) == 0)
      return ConfigError("job " + job.name + ": neither the base model nor the weights have " +
                         p.name);
  }
  std::vector<std::string> names = {"config.json", "model.safetensors"};
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(JoinPath(directory, "config.json"),
                                       Pretty(base.model->ExportConfig(base.config))));
  EIDA_RETURN_IF_ERROR(
      WriteSafetensors(whole, {{"format", "pt"}}, JoinPath(directory, "model.safetensors")));
  // What the base directory has besides its weights: the tokenizer and its settings.
  for (const auto& [role, path] : job.inputs) {
    const std::string name = role.rfind("model/", 0) == 0 ? role.substr(6) : "";
    if (name.empty() || name == "config.json" || name.find("safetensors") != std::string::npos)
      continue;
    EIDA_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
    EIDA_RETURN_IF_ERROR(WriteFileAtomic(JoinPath(directory, name), content));
    names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<std::string>> ExportPeft(const Base& base, const MemberFile& member,
                                            const std::string& directory) {
  EIDA_ASSIGN_OR_RETURN(const Json config,
                        peft::AdapterConfig(member.adapter->settings(), *base.model,
                                            base.config.value("_name_or_path", Json())));
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(JoinPath(directory, "adapter_config.json"), Pretty(config)));
  EIDA_RETURN_IF_ERROR(WriteSafetensors(member.tensors, {{"format", "pt"}},
                                        JoinPath(directory, "adapter_model.safetensors")));
  return std::vector<std::string>{"adapter_config.json", "adapter_model.safetensors"};
}

Result<JobResult> RunExport(const Job& job, Events& events) {
  const Stopwatch watch;
  const auto format = GetOr<std::string>(job.spec, "format", "");
  if (format != "hf" && format != "peft")
    return ConfigError("job " + job.name + ": format \"" + format + "\" is neither peft nor hf");
  EIDA_ASSIGN_OR_RETURN(const std::shared_ptr<const Base> base, LoadBase(job));
  EIDA_ASSIGN_OR_RETURN(const std::string path, Input(job, "weights"));
  EIDA_ASSIGN_OR_RETURN(const MemberFile member, OpenMember(path));
  if (format == "peft" && member.adapter->artifact_kind() != "adapter") {
    return ConfigError("job " + job.name +
                       ": the weights hold a whole model, not a LoRA adapter; use the format hf");
  }
  if (format == "peft") {
    const auto type = GetOr<std::string>(member.adapter->settings(), "type", "");
    if (type != "lora")
      return ConfigError("job " + job.name + ": PEFT has no form for adapter " + type +
                         " in this version; use the format hf");
    if (base->model->generates())
      return ConfigError("job " + job.name +
                         ": this version writes PEFT adapters of classifiers only; use the format "
                         "hf");
  }
  // Merging also checks that the weights belong to this model.
  auto merged = member.adapter->Merge(*base, member.tensors);
  if (!merged.ok()) return Annotate(merged.status(), "job " + job.name + ": " + path);
  EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        format == "hf" ? ExportModel(job, *base, *merged, job.out)
                                       : ExportPeft(*base, member, job.out));
  JobResult result;
  int64_t bytes = 0;
  for (const std::string& name : names) {
    const std::string file = JoinPath(job.out, name);
    EIDA_ASSIGN_OR_RETURN(const int64_t size, FileSize(file));
    bytes += size;
    result.artifacts.push_back({name, "file", file, {{"format", format}}});
  }
  events.Progress(static_cast<int64_t>(names.size()), static_cast<int64_t>(names.size()), "files");
  result.summary = {{"files", names}, {"bytes", bytes}, {"seconds", watch.Seconds()}};
  return result;
}

}  // namespace eida::engine
