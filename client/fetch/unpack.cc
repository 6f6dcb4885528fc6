#include "client/fetch/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>

#include "client/fetch/hub.h"
#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::fetch {
namespace {

constexpr int64_t kMostOfAMember = int64_t{4} << 30;  // unpacked: beyond this it is a trap

using Reader = std::unique_ptr<archive, int (*)(archive*)>;

Status Damaged(const std::string& path, const std::string& why) {
  return DataLoss(path + ": " + why + "; nothing of it is used. Remove it and fetch it again");
}

std::string ErrorOf(const Reader& reader) {
  const char* text = archive_error_string(reader.get());
  return text == nullptr ? "damaged archive" : text;
}

// The wanted name that `member` is, or "".
std::string WantedName(const std::string& member, const std::vector<std::string>& wanted) {
  for (const std::string& name : wanted) {
    if (member == name || member.ends_with("/" + name)) return name;
  }
  return "";
}

Result<std::string> ReadContent(const Reader& reader, const std::string& path,
                                const std::string& member, const Hooks& hooks) {
  std::string content;
  std::string block(256 << 10, '\0');
  for (;;) {
    EIDA_RETURN_IF_ERROR(hooks.stop());
    const la_ssize_t n = archive_read_data(reader.get(), block.data(), block.size());
    if (n < 0) return Damaged(path, member + ": " + ErrorOf(reader));
    if (n == 0) return content;
    content.append(block.data(), static_cast<size_t>(n));
    if (static_cast<int64_t>(content.size()) > kMostOfAMember)
      return Damaged(path, member + " unpacks to more than " + FormatBytes(kMostOfAMember));
    hooks.progress("unpack", member, static_cast<int64_t>(content.size()), -1);
  }
}

}  // namespace

Result<std::map<std::string, std::string>> ReadMembers(const std::string& path,
                                                       const std::vector<std::string>& wanted,
                                                       const Hooks& hooks) {
  const Reader reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_none(reader.get());
  archive_read_support_format_zip(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), 1 << 16) != ARCHIVE_OK)
    return Damaged(path, "is no zip or tar archive (" + ErrorOf(reader) + ")");
  std::map<std::string, std::string> found;
  std::vector<std::string> seen;
  for (;;) {
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) break;
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return Damaged(path, ErrorOf(reader));
    const char* utf8 = archive_entry_pathname_utf8(entry);
    const char* raw = archive_entry_pathname(entry);
    std::string member = utf8 != nullptr ? utf8 : raw != nullptr ? raw : "";
    const bool directory = archive_entry_filetype(entry) == AE_IFDIR;
    while (directory && member.size() > 1 && member.back() == '/') member.pop_back();
    if (member.rfind("./", 0) == 0) member = member.substr(2);
    if (directory && (member.empty() || member == ".")) continue;
    if (!IsSafeName(member))
      return Damaged(path, "holds \"" + member + "\", a path out of its directory");
    seen.push_back(member);
    const std::string name = WantedName(member, wanted);
    if (name.empty() || directory) continue;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
      return Damaged(path, member + " is a link or a device");
    if (found.count(name) != 0) return Damaged(path, "holds " + name + " twice");
    EIDA_ASSIGN_OR_RETURN(found[name], ReadContent(reader, path, member, hooks));
  }
  for (const std::string& name : wanted) {
    if (found.count(name) != 0) continue;
    seen.resize(std::min<size_t>(seen.size(), 12));
    return NotFound(path + " has no " + name + " (it has " + Join(seen, ", ") +
                    "): its publisher changed it; see client/fetch/catalogue.def");
  }
  return found;
}

}  // namespace eida::fetch
