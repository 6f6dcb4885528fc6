// The files that a sweep names, found and checked without torch: what validate, preview and submit
// do before anything is sent.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/inputs/facts.h"
#include "common/inputs/rows.h"
#include "common/inputs/splits.h"

namespace eida::inputs {

// What to look for; paths as written in the sweep file.
struct Wanted {
  std::string base;  // directory that relative paths start from: the sweep file's
  std::string model_path;
  std::string model_digest;  // "" = not pinned
  int64_t labels = 2;
  std::string task;  // a line of tasks.def
  std::string format;
  Columns columns;
  int64_t max_length = 0;
  std::vector<SplitRule> splits;
  std::map<std::string, std::string> split_files;  // split -> path, for splits that are files
  std::map<std::string, int64_t> limit;
  std::map<std::string, std::string> adapters;  // place in the sweep file -> PEFT directory
};

struct FoundFile {
  std::string path;  // absolute
  Digest digest;
  int64_t size = 0;
};

// What is wrong, and at which place of the sweep file ("model.path", "data.splits.train", ..).
struct Problem {
  std::string at;
  std::string message;
};

struct Gathered {
  // path as written -> file name -> file; a data file has the one entry "".
  std::map<std::string, std::map<std::string, FoundFile>> files;
  ModelFacts model;
  std::map<std::string, AdapterFacts> adapters;  // by path as written
  std::map<std::string, int64_t> split_sizes;
  std::vector<Problem> problems;
};

// Remembers digests by path, size, modification time and inode, so that a resubmit does not read 90
// MB again.
class DigestCache {
 public:
  // `file` "" = keeps nothing. An unreadable cache is an empty one.
  explicit DigestCache(std::string file);
  Result<Digest> Of(const std::string& path);
  // Writes the cache when it changed; best effort.
  void Save();

 private:
  std::string file_;
  std::map<std::string, std::pair<std::string, std::string>> entries_;  // path -> (stamp, digest)
  bool changed_ = false;
};

// Everything that can be found wrong is found in one pass.
Gathered Gather(const Wanted& wanted, DigestCache& cache);

// SHA-256 of the canonical JSON object {file name: digest}.
std::string ModelDigest(const std::map<std::string, Digest>& files);

}  // namespace eida::inputs
