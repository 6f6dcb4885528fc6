// Repositories of Hugging Face: how they are named, what is in them, and which of it Eida reads.
#pragma once

#include <string>
#include <vector>

#include "client/fetch/transport.h"
#include "common/base/status.h"

namespace eida::fetch {

struct Hub {
  std::string endpoint = "https://huggingface.co";  // HF_ENDPOINT
  std::string token;                                // HF_TOKEN; goes to `endpoint` only
};

// hf:owner/name[@revision] or hf:datasets/owner/name[@revision].
struct Repository {
  bool dataset = false;
  std::string owner, name;
  std::string revision = "main";  // branch, tag, commit, or refs/pr/N
  std::string Text() const;       // as it is written, with the revision
  // The page of it, "https://huggingface.co/datasets/owner/name".
  std::string Page(const Hub& hub) const;
  std::string FileUrl(const Hub& hub, const std::string& commit, const std::string& file) const;
};
// InvalidArgument for anything that is not of that form, `..` included.
Result<Repository> ParseRepository(const std::string& text);

struct HubFile {
  std::string name;  // may have folders; never leaves its directory
  int64_t size = -1;
  std::string sha256;  // of files in large-file storage; "" for small ones
};
struct Listing {
  std::string commit;   // 40 hex digits: what the revision means now
  std::string licence;  // as the repository states it; "" = it does not
  std::vector<HubFile> files;
};
Result<Listing> ListRepository(Transport& transport, const Hub& hub, const Repository& repository);

// The files of a model (or adapter) that Eida reads: configuration, tokenizer, safetensors weights
// and their index. NotFound when the weights are only there as pickle, with what to do.
Result<std::vector<HubFile>> ModelFilesOf(const Listing& listing, const Repository& repository,
                                          const Hub& hub);
// The files of a data set in forms that Eida reads or a person can turn into them: tsv, jsonl,
// json, csv, txt. NotFound when there are none, with what to do about Parquet.
Result<std::vector<HubFile>> DataFilesOf(const Listing& listing, const Repository& repository,
                                         const Hub& hub);

// Whether a name that came from elsewhere may be a path below a directory of ours: relative, no
// `..`, no backslash, no control character.
bool IsSafeName(const std::string& name);

}  // namespace eida::fetch
