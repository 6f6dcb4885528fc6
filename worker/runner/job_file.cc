#include "worker/runner/job_file.h"

#include <algorithm>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "worker/runner/dispatch.h"

namespace eida::runner {
namespace {

// Reads members of one object; every error says which file and which field.
class Fields {
 public:
  Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  Status Error(const std::string& key, const std::string& reason) const {
    return InvalidArgument(where_ + (key.empty() ? "" : "." + key) + ": " + reason);
  }
  Result<std::string> Text(const char* key) const {
    const auto it = object_.find(key);
    if (it == object_.end()) return Error(key, "is missing");
    if (!it->is_string() || it->get_ref<const std::string&>().empty())
      return Error(key, "must be a text, not " + it->dump());
    return it->get<std::string>();
  }
  Result<int64_t> Number(const char* key, int64_t least) const {
    const auto it = object_.find(key);
    if (it == object_.end()) return Error(key, "is missing");
    if (!it->is_number_integer() || it->get<int64_t>() < least) {
      return Error(key, "must be a whole number of at least " + std::to_string(least) + ", not " +
                            it->dump());
    }
    return it->get<int64_t>();
  }
  bool Has(const char* key) const { return object_.contains(key) && !object_[key].is_null(); }
  const Json& At(const char* key) const { return object_[key]; }

 private:
  const Json& object_;
  std::string where_;
};

Result<std::string> KindOf(const Fields& fields) {
  EIDA_ASSIGN_OR_RETURN(std::string kind, fields.Text("kind"));
  const std::vector<std::string> kinds = JobKinds();
  if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) return kind;
  return fields.Error("kind",
                      "\"" + kind + "\" is none of " + Join(kinds, ", ") + Meant(kind, kinds));
}

// An object of a text a role, where the key is there; `what` the texts are is for the message.
Status ReadByRole(const Fields& fields, const char* key, const std::string& what,
                  std::map<std::string, std::string>& out) {
  if (!fields.Has(key)) return OkStatus();
  if (!fields.At(key).is_object()) return fields.Error(key, "must be an object of role: " + what);
  for (const auto& [role, text] : fields.At(key).items()) {
    if (!text.is_string()) {
      return fields.Error(std::string(key) + "[\"" + role + "\"]",
                          "must be a " + what + ", not " + text.dump());
    }
    out[role] = text;
  }
  return OkStatus();
}

Result<NumberedJob> ParseJob(const Json& json, const std::string& where) {
  const Fields fields(json, where);
  if (!json.is_object()) return fields.Error("", "must be an object");
  NumberedJob entry;
  engine::Job& job = entry.job;
  EIDA_ASSIGN_OR_RETURN(entry.number, fields.Number("job", 1));
  EIDA_ASSIGN_OR_RETURN(job.kind, KindOf(fields));
  if (fields.Has("name")) {
    EIDA_ASSIGN_OR_RETURN(job.name, fields.Text("name"));
  } else {
    job.name = job.kind + "-" + std::to_string(entry.number);
  }
  if (!fields.Has("spec") || !fields.At("spec").is_object())
    return fields.Error("spec", "must be an object");
  job.spec = fields.At("spec");
  EIDA_RETURN_IF_ERROR(ReadByRole(fields, "inputs", "file name", job.inputs));
  EIDA_RETURN_IF_ERROR(ReadByRole(fields, "missing", "reason", job.missing));
  if (fields.Has("resume")) {
    EIDA_ASSIGN_OR_RETURN(job.resume, fields.Text("resume"));
  }
  if (fields.Has("out")) {
    EIDA_ASSIGN_OR_RETURN(job.out, fields.Text("out"));
  }
  return entry;
}

Result<engine::GangPlace> ParseGang(const Json& json, const std::string& where) {
  const Fields fields(json, where);
  if (!json.is_object()) return fields.Error("", "must be an object");
  engine::GangPlace place;
  EIDA_ASSIGN_OR_RETURN(const int64_t ranks, fields.Number("ranks", 2));
  EIDA_ASSIGN_OR_RETURN(const int64_t rank, fields.Number("rank", 0));
  EIDA_ASSIGN_OR_RETURN(place.store, fields.Text("store"));
  if (ranks > 1024) return fields.Error("ranks", "more than 1024");
  if (rank >= ranks) return fields.Error("rank", "must be below ranks, " + std::to_string(ranks));
  place.size = static_cast<int>(ranks);
  place.rank = static_cast<int>(rank);
  return place;
}

Result<engine::TokenFolder> ParseTokens(const Json& json, const std::string& where) {
  const Fields fields(json, where);
  if (!json.is_object()) return fields.Error("", "must be an object");
  engine::TokenFolder folder;
  EIDA_ASSIGN_OR_RETURN(folder.dir, fields.Text("dir"));
  if (fields.Has("limit")) {
    EIDA_ASSIGN_OR_RETURN(folder.limit, fields.Number("limit", 0));
  }
  return folder;
}

}  // namespace

Result<JobFile> ParseJobFile(const std::string& text, const std::string& file,
                             const std::string& out) {
  EIDA_ASSIGN_OR_RETURN(const Json json, ParseJson(text, file));
  const Fields fields(json, file);
  if (!json.is_object())
    return fields.Error("", "must be an object like {\"format\": \"eida/job/v1\", \"jobs\": [..]}");
  EIDA_ASSIGN_OR_RETURN(const std::string format, fields.Text("format"));
  if (format != "eida/job/v1")
    return fields.Error("format", "\"" + format + "\"; this runner reads eida/job/v1");
  JobFile parsed;
  if (fields.Has("slot")) {
    if (!fields.At("slot").is_object()) return fields.Error("slot", "must be an object");
    const Fields slot(fields.At("slot"), file + ".slot");
    if (slot.Has("device")) {
      EIDA_ASSIGN_OR_RETURN(parsed.device, slot.Text("device"));
    }
    if (slot.Has("threads")) {
      EIDA_ASSIGN_OR_RETURN(const int64_t threads, slot.Number("threads", 1));
      if (threads > 4096) return slot.Error("threads", "more than 4096");
      parsed.threads = static_cast<int>(threads);
    }
  }
  if (fields.Has("tokens")) {
    EIDA_ASSIGN_OR_RETURN(parsed.tokens, ParseTokens(fields.At("tokens"), file + ".tokens"));
  }
  if (!fields.Has("jobs") || !fields.At("jobs").is_array() || fields.At("jobs").empty()) {
    return fields.Error("jobs", "must be a list with at least one job");
  }
  for (const Json& entry : fields.At("jobs")) {
    const std::string where = file + ".jobs[" + std::to_string(parsed.jobs.size()) + "]";
    EIDA_ASSIGN_OR_RETURN(NumberedJob job, ParseJob(entry, where));
    for (const NumberedJob& other : parsed.jobs) {
      if (other.number == job.number)
        return InvalidArgument(where + ".job: " + std::to_string(job.number) + " is there twice");
    }
    parsed.jobs.push_back(std::move(job));
  }
  if (fields.Has("gang")) {
    EIDA_ASSIGN_OR_RETURN(parsed.gang, ParseGang(fields.At("gang"), file + ".gang"));
    if (parsed.jobs.size() != 1 || parsed.jobs.front().job.kind != "train")
      return fields.Error("gang", "a gang does one job, of kind train");
  }
  for (NumberedJob& job : parsed.jobs) {
    job.job.device = parsed.device;
    job.job.tokens = parsed.tokens;
    if (!out.empty())
      job.job.out = parsed.jobs.size() == 1 ? out : JoinPath(out, std::to_string(job.number));
    if (job.job.out.empty()) {
      return InvalidArgument(file + ": job " + std::to_string(job.number) +
                             " has no \"out\" directory; give --out DIR");
    }
  }
  return parsed;
}

}  // namespace eida::runner
