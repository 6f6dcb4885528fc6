#include "client/fetch/manifest.h"

#include "client/fetch/digest_file.h"
#include "client/fetch/hub.h"
#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::fetch {
namespace {

constexpr int kFormat = 1;

Result<FileRecord> FileFrom(const Json& json, const std::string& path) {
  FileRecord file;
  EIDA_ASSIGN_OR_RETURN(file.name, Require<std::string>(json, "name", path));
  EIDA_ASSIGN_OR_RETURN(file.size, Require<int64_t>(json, "size", path));
  EIDA_ASSIGN_OR_RETURN(file.sha256, Require<std::string>(json, "sha256", path));
  file.rows = GetOr<int64_t>(json, "rows", -1);
  file.dropped = GetOr<int64_t>(json, "dropped", 0);
  if (!IsSafeName(file.name) || !IsDigest(file.sha256))
    return InvalidArgument(path + ": \"" + file.name + "\" or its digest is not one of ours");
  return file;
}

Result<Manifest> FromJson(const Json& json, const std::string& path) {
  Manifest manifest;
  EIDA_ASSIGN_OR_RETURN(const int format, Require<int>(json, "format", path));
  if (format != kFormat)
    return InvalidArgument(path + ": has format " + std::to_string(format) +
                           ", this eidactl reads " + std::to_string(kFormat));
  EIDA_ASSIGN_OR_RETURN(manifest.source, Require<std::string>(json, "source", path));
  manifest.commit = GetOr<std::string>(json, "commit", "");
  manifest.licence = GetOr<std::string>(json, "licence", "");
  manifest.fetched_at = GetOr<std::string>(json, "fetched_at", "");
  EIDA_ASSIGN_OR_RETURN(const Json files, Require<Json>(json, "files", path));
  for (const Json& entry : files) {
    EIDA_ASSIGN_OR_RETURN(FileRecord file, FileFrom(entry, path));
    manifest.files.push_back(std::move(file));
  }
  for (const Json& entry : json.value("downloads", Json::array())) {
    manifest.downloads.push_back(
        {GetOr<std::string>(entry, "url", ""), GetOr<int64_t>(entry, "size", 0),
         GetOr<std::string>(entry, "sha256", ""), GetOr<bool>(entry, "published", false)});
  }
  return manifest;
}

Result<Manifest> FromFile(const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(const Json json, ReadJsonFile(path));
  if (!json.is_object()) return InvalidArgument(path + ": is not a JSON object");
  return FromJson(json, path);
}

}  // namespace

Json ToJson(const Manifest& manifest) {
  Json json = {{"format", kFormat},
               {"source", manifest.source},
               {"commit", manifest.commit},
               {"licence", manifest.licence},
               {"fetched_at", manifest.fetched_at},
               {"files", Json::array()},
               {"downloads", Json::array()}};
  for (const FileRecord& file : manifest.files) {
    Json entry = {{"name", file.name}, {"size", file.size}, {"sha256", file.sha256}};
    if (file.rows >= 0) entry.update({{"rows", file.rows}, {"dropped", file.dropped}});
    json["files"].push_back(std::move(entry));
  }
  for (const DownloadRecord& download : manifest.downloads) {
    json["downloads"].push_back({{"url", download.url},
                                 {"size", download.size},
                                 {"sha256", download.sha256},
                                 {"published", download.published}});
  }
  return json;
}

Result<std::optional<Manifest>> ReadManifest(const std::string& directory) {
  const std::string path = JoinPath(directory, kManifestName);
  if (!FileExists(path)) return std::optional<Manifest>();
  const Result<Manifest> manifest = FromFile(path);
  if (!manifest.ok())
    return DataLoss(Message(manifest.status()) + "; remove that file to fetch everything again");
  return std::optional<Manifest>(*manifest);
}

Status WriteManifest(const std::string& directory, const Manifest& manifest) {
  return WriteFileAtomic(JoinPath(directory, kManifestName), Pretty(ToJson(manifest)));
}

std::vector<std::string> Missing(const std::string& directory, const Manifest& manifest) {
  std::vector<std::string> names;
  for (const FileRecord& file : manifest.files) {
    if (FileSize(JoinPath(directory, file.name)).value_or(-1) != file.size)
      names.push_back(file.name);
  }
  return names;
}

Status Verify(const std::string& directory, const Manifest& manifest, const Hooks& hooks) {
  std::vector<std::string> wrong;
  for (const FileRecord& file : manifest.files) {
    const std::string path = JoinPath(directory, file.name);
    if (!FileExists(path)) {
      wrong.push_back(path + " is gone");
      continue;
    }
    EIDA_ASSIGN_OR_RETURN(const std::string seen, HashFile(path, file.name, hooks));
    if (seen != file.sha256)
      wrong.push_back(path + " has the SHA-256 " + seen + ", it was fetched with " + file.sha256);
  }
  if (wrong.empty()) return OkStatus();
  return DataLoss(Join(wrong, "; ") +
                  ". Remove what is wrong, and the same command without --verify fetches it again");
}

}  // namespace eida::fetch
