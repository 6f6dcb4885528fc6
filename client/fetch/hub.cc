#include "client/fetch/hub.h"

#include <algorithm>
#include <cctype>

#include "client/fetch/download.h"
#include "client/fetch/url.h"
#include "common/base/digest.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace eida::fetch {
namespace {

bool IsWord(const std::string& text) {
  return !text.empty() && text.size() <= 96 && text[0] != '.' && text[0] != '-' &&
         text.find("..") == std::string::npos && std::ranges::all_of(text, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

bool IsRevision(const std::string& text) {
  const std::vector<std::string> parts = Split(text, '/');
  return std::ranges::all_of(parts, IsWord);
}

bool IsCommit(const std::string& text) {
  return text.size() == 40 && std::ranges::all_of(text, [](unsigned char c) {
           return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f');
         });
}

std::string LicenceOf(const Json& answer) {
  for (const Json& tag : answer.value("tags", Json::array())) {
    if (tag.is_string() && tag.get<std::string>().rfind("license:", 0) == 0)
      return tag.get<std::string>().substr(8);
  }
  return "";
}

Result<HubFile> FileOf(const Json& sibling, const std::string& where) {
  HubFile file{GetOr<std::string>(sibling, "rfilename", ""), GetOr<int64_t>(sibling, "size", -1)};
  if (!IsSafeName(file.name))
    return DataLoss(where + " lists a file named \"" + file.name +
                    "\", which is no name of a file in a directory; nothing is fetched");
  const Json lfs = sibling.value("lfs", Json());
  if (lfs.is_object()) {
    file.sha256 = GetOr<std::string>(lfs, "sha256", GetOr<std::string>(lfs, "oid", ""));
    file.size = GetOr<int64_t>(lfs, "size", file.size);
    if (!file.sha256.empty() && !IsDigest(file.sha256))
      return DataLoss(where + " names \"" + file.sha256 + "\" as the SHA-256 of " + file.name);
  }
  return file;
}

bool EndsWith(const std::string& name, const char* ending) { return name.ends_with(ending); }

bool IsPickle(const std::string& name) {
  return EndsWith(name, ".bin") || EndsWith(name, ".pt") || EndsWith(name, ".pth") ||
         EndsWith(name, ".ckpt") || EndsWith(name, ".pkl");
}

// model-00001-of-00002.safetensors
bool IsShard(const std::string& name) {
  return GlobMatch("model-*-of-*.safetensors", name) && name.find('/') == std::string::npos;
}

bool IsWeight(const std::string& name, bool sharded) {
  return name == "adapter_model.safetensors" ||
         (sharded ? name == "model.safetensors.index.json" || IsShard(name)
                  : name == "model.safetensors");
}

Status NoWeights(const Listing& listing, const Repository& repository, const Hub& hub) {
  const auto pickle =
      std::ranges::find_if(listing.files, [](const HubFile& f) { return IsPickle(f.name); });
  const std::string text = repository.Text() + " has no safetensors weights";
  const std::string bare = "hf:" + repository.owner + "/" + repository.name;
  const std::string discussions = repository.Page(hub) + "/discussions";
  if (pickle == listing.files.end())
    return NotFound(text +
                    ": Eida reads model.safetensors, its index with shards, or "
                    "adapter_model.safetensors; see " +
                    repository.Page(hub) + "/tree/" + repository.revision);
  return NotFound(
      text + ", only pickle (" + pickle->name +
      "), which can run code when it is read, so Eida refuses it. Name a revision that has them: "
      "the "
      "conversion bot often left one at " +
      bare + "@refs/pr/N (N: see " + discussions +
      "); or convert it once where transformers is installed: python -c \"from transformers import "
      "AutoModel, AutoTokenizer; n='" +
      repository.owner + "/" + repository.name +
      "'; AutoModel.from_pretrained(n).save_pretrained('DIR'); "
      "AutoTokenizer.from_pretrained(n).save_pretrained('DIR')\"");
}

}  // namespace

bool IsSafeName(const std::string& name) {
  if (name.empty() || name.size() > 512 || name[0] == '/') return false;
  const std::vector<std::string> parts = Split(name, '/');
  return std::ranges::all_of(parts, [](const std::string& part) {
    return !part.empty() && part != "." && part != ".." &&
           std::ranges::all_of(part,
                               [](unsigned char c) { return c >= 32 && c != 127 && c != '\\'; });
  });
}

std::string Repository::Text() const {
  return std::string("hf:") + (dataset ? "datasets/" : "") + owner + "/" + name + "@" + revision;
}

std::string Repository::Page(const Hub& hub) const {
  return hub.endpoint + "/" + (dataset ? "datasets/" : "") + owner + "/" + name;
}

std::string Repository::FileUrl(const Hub& hub, const std::string& commit,
                                const std::string& file) const {
  return Page(hub) + "/resolve/" + EscapeSegment(commit) + "/" + EscapePath(file);
}

Result<Repository> ParseRepository(const std::string& text) {
  const Status bad =
      InvalidArgument("\"" + text +
                      "\" names no repository: write hf:owner/name, hf:owner/name@revision or "
                      "hf:datasets/owner/name (letters, digits, - _ . and no ..)");
  if (text.rfind("hf:", 0) != 0) return bad;
  Repository repository;
  std::string rest = text.substr(3);
  if (const size_t at = rest.find('@'); at != std::string::npos) {
    repository.revision = rest.substr(at + 1);
    rest.resize(at);
  }
  if (rest.rfind("datasets/", 0) == 0) {
    repository.dataset = true;
    rest = rest.substr(9);
  }
  const std::vector<std::string> parts = Split(rest, '/');
  if (parts.size() != 2 || !IsWord(parts[0]) || !IsWord(parts[1]) ||
      !IsRevision(repository.revision))
    return bad;
  repository.owner = parts[0];
  repository.name = parts[1];
  return repository;
}

Result<Listing> ListRepository(Transport& transport, const Hub& hub, const Repository& repository) {
  Item item;
  item.name = repository.Text();
  item.url = hub.endpoint + "/api/" + (repository.dataset ? "datasets/" : "models/") +
             repository.owner + "/" + repository.name + "/revision/" +
             EscapeSegment(repository.revision) + "?blobs=true";
  item.token = hub.token;
  item.page = repository.Page(hub);
  EIDA_ASSIGN_OR_RETURN(const std::string text, GetText(transport, item));
  EIDA_ASSIGN_OR_RETURN(const Json answer, ParseJson(text, item.url));
  Listing listing;
  listing.commit = answer.is_object() ? GetOr<std::string>(answer, "sha", "") : "";
  const Json siblings = answer.is_object() ? answer.value("siblings", Json()) : Json();
  if (!IsCommit(listing.commit) || !siblings.is_array())
    return DataLoss(item.url +
                    ": is not the answer of Hugging Face (no commit or no list of files); is "
                    "HF_ENDPOINT right, is a proxy in the way?");
  listing.licence = LicenceOf(answer);
  for (const Json& sibling : siblings) {
    EIDA_ASSIGN_OR_RETURN(HubFile file, FileOf(sibling, item.url));
    listing.files.push_back(std::move(file));
  }
  return listing;
}

Result<std::vector<HubFile>> ModelFilesOf(const Listing& listing, const Repository& repository,
                                          const Hub& hub) {
  static const std::vector<std::string> kAround = {"config.json",         "generation_config.json",
                                                   "tokenizer.json",      "tokenizer_config.json",
                                                   "vocab.json",          "special_tokens_map.json",
                                                   "added_tokens.json",   "merges.txt",
                                                   "adapter_config.json", "vocab.txt"};
  const bool sharded = std::ranges::none_of(
      listing.files, [](const HubFile& f) { return f.name == "model.safetensors"; });
  std::vector<HubFile> files;
  bool weights = false;
  for (const HubFile& file : listing.files) {
    const bool weight = IsWeight(file.name, sharded);
    weights = weights || (weight && EndsWith(file.name, ".safetensors"));
    if (weight || std::ranges::find(kAround, file.name) != kAround.end()) files.push_back(file);
  }
  if (!weights) return NoWeights(listing, repository, hub);
  return files;
}

Result<std::vector<HubFile>> DataFilesOf(const Listing& listing, const Repository& repository,
                                         const Hub& hub) {
  std::vector<HubFile> files;
  for (const HubFile& file : listing.files) {
    for (const char* ending : {".tsv", ".jsonl", ".json", ".csv", ".txt"}) {
      if (EndsWith(file.name, ending)) files.push_back(file);
    }
  }
  if (!files.empty()) return files;
  return NotFound(
      repository.Text() +
      " has no tsv, jsonl, json, csv or txt file. Parquet is not read here; turn it into "
      "JSON lines once, for example with DuckDB: COPY (SELECT * FROM 'x.parquet') TO "
      "'x.jsonl' (FORMAT json). See " +
      repository.Page(hub));
}

}  // namespace eida::fetch
