#include "common/inputs/gather.h"

#include <sys/stat.h>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace eida::inputs {
namespace {

std::vector<std::string> ModelsThat(bool generate) {
  std::vector<std::string> ids;
  for (const catalog::Model& model : catalog::Models()) {
    if (model.generates == generate) ids.push_back(model.id);
  }
  return ids;
}

class Gatherer {
 public:
  Gatherer(const Wanted& wanted, DigestCache& cache) : wanted_(wanted), cache_(cache) {}

  Gathered Run() {
    Model();
    for (const auto& [at, path] : wanted_.adapters) {
      if (const Status status = Adapter(path); !status.ok()) Problem(at, Message(status));
    }
    Data();
    return std::move(found_);
  }

 private:
  void Problem(const std::string& at, const std::string& message) {
    found_.problems.push_back({at, message});
  }

  std::string Resolve(const std::string& path) const { return JoinPath(wanted_.base, path); }

  Status AddFile(const std::string& written, const std::string& name, const std::string& path) {
    FoundFile file;
    EIDA_ASSIGN_OR_RETURN(file.path, AbsolutePath(path));
    EIDA_ASSIGN_OR_RETURN(file.size, FileSize(path));
    EIDA_ASSIGN_OR_RETURN(file.digest, cache_.Of(file.path));
    found_.files[written][name] = std::move(file);
    return OkStatus();
  }

  Status ReadModel() {
    EIDA_ASSIGN_OR_RETURN(const auto files, ModelFiles(Resolve(wanted_.model_path)));
    std::map<std::string, std::string> headers;
    for (const auto& [name, path] : files) {
      if (name.size() > 12 && name.compare(name.size() - 12, 12, ".safetensors") == 0) {
        EIDA_ASSIGN_OR_RETURN(headers[name], ReadSafetensorsHeader(path));
      }
    }
    EIDA_ASSIGN_OR_RETURN(const std::string config, ReadFile(files.at("config.json")));
    EIDA_ASSIGN_OR_RETURN(found_.model, MakeModelFacts(config, headers));
    std::map<std::string, Digest> digests;
    for (const auto& [name, path] : files) {
      EIDA_RETURN_IF_ERROR(AddFile(wanted_.model_path, name, path));
      digests[name] = found_.files[wanted_.model_path][name].digest;
    }
    const std::string digest = ModelDigest(digests);
    if (!wanted_.model_digest.empty() && wanted_.model_digest != digest) {
      return InvalidArgument("the model's digest is " + digest + ", but model.digest pins " +
                             wanted_.model_digest + ": the files changed");
    }
    return OkStatus();
  }

  void Model() {
    if (wanted_.model_path.empty()) return;
    const Status status = ReadModel();
    if (!status.ok()) return Problem("model.path", Message(status));
    const catalog::Task* task = catalog::Find(catalog::Tasks(), wanted_.task);
    const bool generates = catalog::Find(catalog::Models(), found_.model.architecture)->generates;
    if (task != nullptr && task->generates != generates) {
      return Problem("model.path", found_.model.architecture +
                                       (generates ? " predicts tokens" : " classifies items") +
                                       ", and the task " + task->id + " needs a model that " +
                                       (generates ? "classifies them" : "predicts tokens") +
                                       ": one of " + Join(ModelsThat(task->generates), ", "));
    }
    if (wanted_.max_length > found_.model.max_positions) {
      Problem("data.max_length", "max_length is " + std::to_string(wanted_.max_length) +
                                     ", but the model has only " +
                                     std::to_string(found_.model.max_positions) + " positions");
    }
  }

  Status Adapter(const std::string& written) {
    if (found_.adapters.count(written) != 0) return OkStatus();
    EIDA_ASSIGN_OR_RETURN(const auto files, AdapterFiles(Resolve(written)));
    EIDA_ASSIGN_OR_RETURN(const std::string config, ReadFile(files.at("adapter_config.json")));
    EIDA_ASSIGN_OR_RETURN(const std::string header,
                          ReadSafetensorsHeader(files.at("adapter_model.safetensors")));
    EIDA_ASSIGN_OR_RETURN(found_.adapters[written], MakeAdapterFacts(written, config, header));
    for (const auto& [name, path] : files) EIDA_RETURN_IF_ERROR(AddFile(written, name, path));
    return OkStatus();
  }

  void Data() {
    std::map<std::string, int64_t> sizes;
    bool complete = true;
    for (const auto& [split, written] : wanted_.split_files) {
      const std::string path = Resolve(written), at = "data.splits." + split;
      Result<std::string> content = ReadFile(path);
      if (!content.ok()) {
        Problem(at, "cannot read the data file: " + Message(content.status()));
        complete = false;
        continue;
      }
      const Result<std::vector<Row>> rows =
          ReadRows(*content, written, wanted_.format, wanted_.columns, wanted_.labels);
      if (!rows.ok()) {
        Problem(at, Message(rows.status()));
        complete = false;
        continue;
      }
      sizes[split] = static_cast<int64_t>(rows->size());
      if (const Status status = AddFile(written, "", path); !status.ok())
        Problem(at, Message(status));
    }
    if (!complete) return;
    const auto splits = ResolveSplits(wanted_.splits, sizes, wanted_.limit);
    if (!splits.ok()) return Problem("data.splits", Message(splits.status()));
    for (const auto& [name, items] : *splits)
      found_.split_sizes[name] = static_cast<int64_t>(items.rows.size());
  }

  const Wanted& wanted_;
  DigestCache& cache_;
  Gathered found_;
};

// Changes whenever the file's content may have.
std::string StampOf(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return "";
  return std::to_string(info.st_size) + ":" + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec) + ":" + std::to_string(info.st_dev) + ":" +
         std::to_string(info.st_ino);
}

}  // namespace

DigestCache::DigestCache(std::string file) : file_(std::move(file)) {
  if (file_.empty()) return;
  const Result<Json> json = ReadJsonFile(file_);
  if (!json.ok() || !json->is_object()) return;
  for (const auto& [path, entry] : json->items()) {
    const std::string digest = GetOr<std::string>(entry, "digest", "");
    if (IsDigest(digest)) entries_[path] = {GetOr<std::string>(entry, "stamp", ""), digest};
  }
}

Result<Digest> DigestCache::Of(const std::string& path) {
  const std::string stamp = StampOf(path);
  const auto known = entries_.find(path);
  if (known != entries_.end() && !stamp.empty() && known->second.first == stamp)
    return Digest(known->second.second);
  EIDA_ASSIGN_OR_RETURN(const Digest digest, DigestOfFile(path));
  // A file that is written while it is read has another stamp afterwards: not worth remembering.
  if (StampOf(path) == stamp) entries_[path] = {stamp, digest.str()}, changed_ = true;
  return digest;
}

void DigestCache::Save() {
  if (file_.empty() || !changed_) return;
  Json json = Json::object();
  for (const auto& [path, entry] : entries_)
    json[path] = {{"stamp", entry.first}, {"digest", entry.second}};
  if (MakeDirs(DirName(file_)).ok()) WriteFileAtomic(file_, Pretty(json)).IgnoreError();
  changed_ = false;
}

Gathered Gather(const Wanted& wanted, DigestCache& cache) { return Gatherer(wanted, cache).Run(); }

std::string ModelDigest(const std::map<std::string, Digest>& files) {
  Json json = Json::object();
  for (const auto& [name, digest] : files) json[name] = digest.str();
  return DigestOf(Canonical(json)).str();
}

}  // namespace eida::inputs
