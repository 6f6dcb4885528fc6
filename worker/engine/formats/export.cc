#include "worker/engine/formats/export.h"

#include <algorithm>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "worker/engine/formats/peft_write.h"

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
  EIDA_ASSIGN_OR_RETURN(const peft::Files files,
                        peft::Write(base, *member.adapter, member.tensors));
  EIDA_RETURN_IF_ERROR(
      WriteFileAtomic(JoinPath(directory, "adapter_config.json"), Pretty(files.config)));
  EIDA_RETURN_IF_ERROR(WriteSafetensors(files.tensors, {{"format", "pt"}},
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
  EIDA_ASSIGN_OR_RETURN(const MemberFile member, OpenMember(*base, path));
  // Merging also checks that the weights belong to this model.
  auto merged = member.adapter->Merge(*base, member.tensors);
  if (!merged.ok()) return Annotate(merged.status(), "job " + job.name + ": " + path);
  const auto written = format == "hf" ? ExportModel(job, *base, *merged, job.out)
                                      : ExportPeft(*base, member, job.out);
  if (!written.ok()) return Annotate(written.status(), "job " + job.name);
  const std::vector<std::string>& names = *written;
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
