// eida-fetch.json: what a directory was fetched from, so that a second fetch has nothing to do and
// a study can say what it used. The format is described in docs/formats.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/fetch/hooks.h"
#include "common/base/json.h"

namespace eida::fetch {

inline constexpr char kManifestName[] = "eida-fetch.json";

struct FileRecord {
  std::string name;
  int64_t size = 0;
  std::string sha256;
  int64_t rows = -1, dropped = 0;  // of a file that was converted; -1 = it came as it is
};
struct DownloadRecord {
  std::string url;
  int64_t size = 0;
  std::string sha256;
  bool published = false;  // the digest was known before, and it was right
};

struct Manifest {
  std::string source;  // hf:owner/name@revision, or the catalogue's id
  std::string commit;  // "" where the source has none
  std::string licence, fetched_at;
  std::vector<FileRecord> files;
  std::vector<DownloadRecord> downloads;
};

Json ToJson(const Manifest& manifest);
// Absent when there is none; DataLoss naming the file when it is not one of ours, or names a file
// outside of its directory.
Result<std::optional<Manifest>> ReadManifest(const std::string& directory);
Status WriteManifest(const std::string& directory, const Manifest& manifest);

// The files that are missing or of another size, by name.
std::vector<std::string> Missing(const std::string& directory, const Manifest& manifest);
// Reads every file again. DataLoss naming each that is not what was fetched, with both digests.
Status Verify(const std::string& directory, const Manifest& manifest, const Hooks& hooks);

}  // namespace eida::fetch
