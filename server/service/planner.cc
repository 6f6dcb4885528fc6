#include "server/service/planner.h"

#include <cstring>

#include "common/base/digest.h"
#include "common/plan/plan.h"
#include "common/spec/parse.h"

namespace eida::service {
namespace {

constexpr int64_t kMaxConfigBytes = 4 << 20;
constexpr uint64_t kMaxHeaderBytes = 100 << 20;  // what the safetensors library allows

// The first `size` bytes. `what` names the file in messages.
Result<std::string> ReadPrefix(ContentReader& reader, std::string have, size_t size,
                               const std::string& what) {
  while (have.size() < size) {
    EIDA_ASSIGN_OR_RETURN(const std::string more, reader.Next(size - have.size()));
    if (more.empty())
      return DataLoss(what + ": ends after " + std::to_string(have.size()) +
                      " bytes; copy the file again");
    have += more;
  }
  return have;
}

Result<std::string> ReadWhole(Content& content, const Digest& digest, const std::string& what) {
  EIDA_ASSIGN_OR_RETURN(const auto reader, content.Read(digest));
  if (reader->size() > kMaxConfigBytes) {
    return InvalidArgument(what + ": has " + std::to_string(reader->size()) + " bytes, at most " +
                           std::to_string(kMaxConfigBytes) + " are read; is it the right file?");
  }
  return ReadPrefix(*reader, "", static_cast<size_t>(reader->size()), what);
}

// The JSON at the start of a safetensors file, behind its length as a little-endian 64-bit number.
Result<std::string> ReadHeader(Content& content, const Digest& digest, const std::string& what) {
  EIDA_ASSIGN_OR_RETURN(const auto reader, content.Read(digest));
  EIDA_ASSIGN_OR_RETURN(std::string bytes, ReadPrefix(*reader, "", 8, what));
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
  if (length > kMaxHeaderBytes || length + 8 > static_cast<uint64_t>(reader->size())) {
    return DataLoss(what + ": its header claims " + std::to_string(length) +
                    " bytes, the file has " + std::to_string(reader->size()) +
                    "; it is truncated or no safetensors file: copy it again");
  }
  EIDA_ASSIGN_OR_RETURN(bytes, ReadPrefix(*reader, std::move(bytes), 8 + length, what));
  return bytes.substr(8);
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

Result<inputs::ModelFacts> Facts(Content& content, const std::string& path,
                                 const std::map<std::string, Digest>& files) {
  const auto config = files.find("config.json");
  if (config == files.end())
    return InvalidArgument("model.path \"" + path + "\": config.json was not given");
  EIDA_ASSIGN_OR_RETURN(const std::string config_json,
                        ReadWhole(content, config->second, path + "/config.json"));
  std::map<std::string, std::string> headers;
  for (const auto& [name, digest] : files) {
    if (!EndsWith(name, ".safetensors")) continue;
    EIDA_ASSIGN_OR_RETURN(headers[name], ReadHeader(content, digest, path + "/" + name));
  }
  return inputs::MakeModelFacts(config_json, headers);
}

Result<inputs::AdapterFacts> AdapterOf(Content& content, const std::string& path,
                                       const std::map<std::string, Digest>& files) {
  const auto config = files.find("adapter_config.json"),
             weights = files.find("adapter_model.safetensors");
  if (config == files.end() || weights == files.end())
    return InvalidArgument("adapter.init \"" + path +
                           "\": adapter_config.json and adapter_model.safetensors are wanted");
  EIDA_ASSIGN_OR_RETURN(const std::string text,
                        ReadWhole(content, config->second, path + "/adapter_config.json"));
  EIDA_ASSIGN_OR_RETURN(const std::string header,
                        ReadHeader(content, weights->second, path + "/adapter_model.safetensors"));
  return inputs::MakeAdapterFacts(path, text, header);
}

// The digests of the request, all of them in the store.
Result<plan::PlanInputs> Inputs(Content& content, const v1::SubmitRequest& request) {
  plan::PlanInputs out;
  for (const auto& [path, files] : request.inputs()) {
    for (const auto& [name, digest] : files.digests()) {
      const std::string what = name.empty() ? path : path + "/" + name;
      if (!IsDigest(digest)) {
        return InvalidArgument("input " + what + ": \"" + digest +
                               "\" is not a SHA-256 digest (64 lower-case hex digits)");
      }
      EIDA_ASSIGN_OR_RETURN(const bool there, content.Has(Digest(digest)));
      if (!there) {
        return FailedPrecondition(
            "input " + what + ": its content " + digest +
            " is not in the coordinator's store; put it there, then submit again");
      }
      out.files[path][name] = Digest(digest);
    }
  }
  return out;
}

}  // namespace

Result<Planned> SweepPlanner::Plan(const v1::SubmitRequest& request) {
  const std::vector<std::string> overrides(request.overrides().begin(), request.overrides().end());
  const spec::ParseResult parsed =
      spec::ParseSweep(request.source(), request.file_name(), overrides);
  if (!parsed.spec || spec::HasErrors(parsed.diagnostics)) {
    return InvalidArgument(spec::Render(parsed.diagnostics, request.file_name(), /*color=*/false));
  }
  EIDA_ASSIGN_OR_RETURN(plan::PlanInputs inputs, Inputs(content_, request));
  const std::string& path = parsed.spec->model.path;
  const auto model = inputs.files.find(path);
  if (model == inputs.files.end())
    return InvalidArgument("model.path \"" + path + "\": its files were not given");
  EIDA_ASSIGN_OR_RETURN(inputs.model, Facts(content_, path, model->second));
  for (const spec::VariantSpec& variant : parsed.spec->variants) {
    const auto init = GetOr<std::string>(variant.adapter, "init", "");
    const auto files = inputs.files.find(init);
    if (init.empty() || files == inputs.files.end()) continue;  // planning says what is missing
    EIDA_ASSIGN_OR_RETURN(inputs.adapters[init], AdapterOf(content_, init, files->second));
  }
  EIDA_ASSIGN_OR_RETURN(plan::Plan plan, plan::MakePlan(*parsed.spec, request.source(), inputs));
  if (!overrides.empty()) {  // with the source they are what to submit to have the sweep again
    EIDA_ASSIGN_OR_RETURN(Json resolved, ParseJson(plan.sweep.resolved, "the resolved sweep"));
    resolved["overrides"] = overrides;
    plan.sweep.resolved = Canonical(resolved);
  }
  return Planned{{std::move(plan.sweep), std::move(plan.runs), std::move(plan.jobs)},
                 std::move(plan.warnings)};
}

Result<JobRecord> SweepPlanner::PlanExport(const std::vector<JobRecord>& jobs,
                                           const std::vector<RunRecord>& runs,
                                           const v1::ExportRequest& request) {
  return plan::MakeExportJob(jobs, runs, request.source(), request.format());
}

}  // namespace eida::service
