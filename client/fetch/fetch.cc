#include "client/fetch/fetch.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "client/fetch/digest_file.h"
#include "client/fetch/unpack.h"
#include "client/fetch/url.h"
#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::fetch {
namespace {

constexpr char kDownloads[] = ".downloads";  // of files that are not what a sweep names

bool IsHub(const Source& source) { return source.from.rfind("hf:", 0) == 0; }

const KnownFile* Known(const Source& source, const std::string& name) {
  const auto found = std::ranges::find(source.files, name, &KnownFile::name);
  return found == source.files.end() ? nullptr : &*found;
}

// Downloaded beside the other files, or put away until it is converted.
std::string PlaceOf(const Wanted& wanted, const std::string& file) {
  return JoinPath(
      wanted.source.outputs.empty() ? wanted.directory : JoinPath(wanted.directory, kDownloads),
      file);
}

// What the table says of a file, beside what the server says: both must hold.
Status AddKnown(const Source& source, Item* item) {
  const KnownFile* known = Known(source, item->name);
  if (known == nullptr) return OkStatus();
  const bool other_size = known->size >= 0 && item->size >= 0 && known->size != item->size;
  const bool other =
      !known->sha256.empty() && !item->sha256.empty() && known->sha256 != item->sha256;
  if (other_size || other)
    return DataLoss(source.id + ": " + item->url + " is said to have the SHA-256 " + item->sha256 +
                    " and " + std::to_string(item->size) + " bytes, expected " + known->sha256 +
                    " and " + std::to_string(known->size) +
                    ": it was replaced; nothing is fetched");
  if (known->size >= 0) item->size = known->size;
  if (!known->sha256.empty()) item->sha256 = known->sha256;
  return OkStatus();
}

Result<std::vector<HubFile>> WantedFiles(const Listing& listing, const Repository& repository,
                                         const Hub& hub, const Source& source) {
  if (source.model) return ModelFilesOf(listing, repository, hub);
  if (source.outputs.empty()) return DataFilesOf(listing, repository, hub);
  std::vector<HubFile> files;
  for (const KnownFile& known : source.files) {
    const auto found = std::ranges::find(listing.files, known.name, &HubFile::name);
    if (found == listing.files.end())
      return NotFound(repository.Text() + " has no " + known.name +
                      " any more; see client/fetch/catalogue.def and " + repository.Page(hub));
    files.push_back(*found);
  }
  return files;
}

Status PlanHub(Transport& transport, const Settings& settings, Plan* plan) {
  const Source& source = plan->wanted.source;
  EIDA_ASSIGN_OR_RETURN(Repository repository, ParseRepository(source.from));
  if (!plan->wanted.commit.empty()) repository.revision = plan->wanted.commit;
  EIDA_ASSIGN_OR_RETURN(const Listing listing, ListRepository(transport, settings.hub, repository));
  EIDA_ASSIGN_OR_RETURN(const std::vector<HubFile> files,
                        WantedFiles(listing, repository, settings.hub, source));
  plan->commit = listing.commit;
  if (source.licence.empty()) plan->licence = listing.licence;
  for (const HubFile& file : files) {
    Item item{file.name,
              repository.FileUrl(settings.hub, listing.commit, file.name),
              PlaceOf(plan->wanted, file.name),
              file.size,
              file.sha256,
              settings.hub.token,
              repository.Page(settings.hub)};
    EIDA_RETURN_IF_ERROR(AddKnown(source, &item));
    plan->items.push_back(std::move(item));
  }
  return OkStatus();
}

Status PlanAddress(const Settings& settings, Plan* plan) {
  const Source& source = plan->wanted.source;
  std::string from = source.from;
  if (!settings.mirror.empty())
    from = settings.mirror + (settings.mirror.back() == '/' ? "" : "/") +
           from.substr(from.find("://") + 3);
  EIDA_RETURN_IF_ERROR(CheckUrl(from));
  for (const KnownFile& file : source.files) {
    Item item{file.name, from + EscapePath(file.name), PlaceOf(plan->wanted, file.name)};
    EIDA_RETURN_IF_ERROR(AddKnown(source, &item));
    plan->items.push_back(std::move(item));
  }
  return OkStatus();
}

// Whether the file is there and is what is published; without a digest to go by it is not.
Result<bool> IsRight(const Item& item, const Hooks& hooks) {
  if (item.sha256.empty() || !FileExists(item.path)) return false;
  if (item.size >= 0 && FileSize(item.path).value_or(-1) != item.size) return false;
  EIDA_ASSIGN_OR_RETURN(const std::string seen, HashFile(item.path, item.name, hooks));
  return seen == item.sha256;
}

Status CheckDisk(const Plan& plan) {
  EIDA_ASSIGN_OR_RETURN(const int64_t free, FreeBytes(plan.wanted.directory));
  int64_t there = 0;
  for (const Item& item : plan.items)
    there += std::max(FileSize(item.path).value_or(0), FileSize(item.path + ".part").value_or(0));
  // Archives unpack to about three times their size, beside themselves.
  const int64_t factor = plan.wanted.source.outputs.empty() ? 1 : 4;
  const int64_t wanted = factor * plan.bytes() - there;
  if (free >= wanted) return OkStatus();
  return FailedPrecondition("no space in " + plan.wanted.directory + ": " + FormatBytes(wanted) +
                            " are wanted and " + FormatBytes(free) +
                            " are free; make room, or choose another disk with -O");
}

Result<std::map<std::string, std::string>> ReadOutputsOf(const Wanted& wanted,
                                                         const std::string& file,
                                                         const Hooks& hooks) {
  std::vector<std::string> members;
  for (const Output& output : wanted.source.outputs) {
    if (output.file == file && !output.member.empty()) members.push_back(output.member);
  }
  const std::string path = PlaceOf(wanted, file);
  if (!members.empty()) return ReadMembers(path, members, hooks);
  EIDA_ASSIGN_OR_RETURN(std::string content, ReadFile(path));
  return std::map<std::string, std::string>{{"", std::move(content)}};
}

// Turns what was downloaded into what sweeps name, one downloaded file in memory at a time.
Status MakeOutputs(const Wanted& wanted, const Hooks& hooks, Manifest* manifest) {
  for (const KnownFile& file : wanted.source.files) {
    EIDA_ASSIGN_OR_RETURN(const auto contents, ReadOutputsOf(wanted, file.name, hooks));
    for (const Output& output : wanted.source.outputs) {
      if (output.file != file.name) continue;
      EIDA_ASSIGN_OR_RETURN(
          const Converted converted,
          Convert(output.form, contents.at(output.member),
                  file.name + (output.member.empty() ? "" : ":" + output.member)));
      EIDA_RETURN_IF_ERROR(
          WriteFileAtomic(JoinPath(wanted.directory, output.path), converted.content));
      const bool as_is = output.form == Form::kAsIs;
      manifest->files.push_back({output.path, static_cast<int64_t>(converted.content.size()),
                                 DigestOf(converted.content).str(), as_is ? -1 : converted.rows,
                                 converted.dropped});
      if (converted.dropped > 0)
        hooks.note(output.path + ": " + std::to_string(converted.dropped) +
                   " rows without all fields are left out");
    }
  }
  return OkStatus();
}

// A path as a scalar of YAML; JSON's quotes are YAML's too.
std::string Yaml(const std::string& path) {
  const bool plain = std::ranges::all_of(path, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '/' || c == '.' || c == '_' || c == '-';
  });
  return plain ? path : Json(path).dump();
}

}  // namespace

Result<Wanted> MakeWanted(const std::string& name, const std::string& directory) {
  Wanted wanted{name};
  if (name.rfind("hf:", 0) == 0) {
    EIDA_ASSIGN_OR_RETURN(const Repository repository, ParseRepository(name));
    wanted.source.id = repository.name;
    wanted.source.model = !repository.dataset;
    wanted.source.from = repository.Text();
  } else if (const Source* source = FindSource(name); source != nullptr) {
    wanted.source = *source;
  } else {
    return InvalidArgument("there is nothing named \"" + name + "\" to fetch" +
                           Meant(name, SourceIds()) + " Known: " + Join(SourceIds(), ", ") +
                           "; any repository of Hugging Face: hf:owner/name");
  }
  wanted.identity = wanted.source.from;
  wanted.directory = !directory.empty()    ? directory
                     : wanted.source.model ? JoinPath("models", wanted.source.id)
                                           : JoinPath("datasets", wanted.source.id);
  return wanted;
}

int64_t Plan::bytes() const {
  int64_t sum = 0;
  for (const Item& item : items) sum += std::max<int64_t>(0, item.size);
  return sum;
}

bool Plan::sizes_known() const {
  return std::ranges::all_of(items, [](const Item& item) { return item.size >= 0; });
}

Result<Plan> MakePlan(Transport& transport, const Settings& settings, const Wanted& wanted) {
  Plan plan{wanted};
  plan.licence = wanted.source.licence;
  EIDA_RETURN_IF_ERROR(IsHub(wanted.source) ? PlanHub(transport, settings, &plan)
                                            : PlanAddress(settings, &plan));
  return plan;
}

Result<std::optional<Manifest>> AlreadyThere(Wanted* wanted) {
  EIDA_ASSIGN_OR_RETURN(const std::optional<Manifest> manifest, ReadManifest(wanted->directory));
  if (!manifest) return std::optional<Manifest>();
  if (manifest->source != wanted->identity)
    return AlreadyExists(wanted->directory + " holds " + manifest->source + ", not " +
                         wanted->identity + ": choose another directory with -O, or remove it");
  wanted->commit = manifest->commit;
  if (!Missing(wanted->directory, *manifest).empty()) return std::optional<Manifest>();
  return manifest;
}

Result<Manifest> Carry(Transport& transport, const Plan& plan, const std::string& now) {
  const Wanted& wanted = plan.wanted;
  const Hooks& hooks = transport.hooks();
  EIDA_RETURN_IF_ERROR(MakeDirs(wanted.directory));
  const Result<FileLock> lock = FileLock::Acquire(JoinPath(wanted.directory, ".eida-fetch.lock"));
  if (!lock.ok())
    return FailedPrecondition(Message(lock.status()) + ": another eidactl fetches into " +
                              wanted.directory + "; wait for it");
  EIDA_RETURN_IF_ERROR(CheckDisk(plan));
  Manifest manifest{wanted.identity, plan.commit, plan.licence, now};
  for (const Item& item : plan.items) {
    Arrived arrived{item.size, item.sha256};
    EIDA_ASSIGN_OR_RETURN(const bool right, IsRight(item, hooks));
    if (!right) {
      EIDA_ASSIGN_OR_RETURN(arrived, Download(transport, item));
    } else {
      EIDA_ASSIGN_OR_RETURN(arrived.size, FileSize(item.path));
    }
    manifest.downloads.push_back({item.url, arrived.size, arrived.sha256, !item.sha256.empty()});
    if (wanted.source.outputs.empty())
      manifest.files.push_back({item.name, arrived.size, arrived.sha256});
  }
  if (!wanted.source.outputs.empty()) {
    EIDA_RETURN_IF_ERROR(MakeOutputs(wanted, hooks, &manifest));
  }
  EIDA_RETURN_IF_ERROR(WriteManifest(wanted.directory, manifest));
  RemoveTree(JoinPath(wanted.directory, kDownloads)).IgnoreError();
  return manifest;
}

std::string ModelLines(const std::string& directory) {
  return "model:\n  path: " + Yaml(directory) + "\n";
}

std::string DataLines(const std::vector<std::string>& settings,
                      const std::vector<std::pair<std::string, std::string>>& splits) {
  std::string lines = "data:\n";
  for (const std::string& setting : settings) lines += "  " + setting + "\n";
  lines += "  splits:\n";
  for (const auto& [split, file] : splits) lines += "    " + split + ": " + Yaml(file) + "\n";
  return lines;
}

std::string SweepLines(const Wanted& wanted) {
  if (wanted.source.model) return ModelLines(wanted.directory);
  if (wanted.source.outputs.empty()) return "";
  std::vector<std::pair<std::string, std::string>> splits;
  for (const Output& output : wanted.source.outputs)
    splits.emplace_back(output.path.substr(0, output.path.find('.')),
                        JoinPath(wanted.directory, output.path));
  return DataLines(wanted.source.settings, splits);
}

}  // namespace eida::fetch
