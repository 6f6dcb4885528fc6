#include "server/app/backup.h"

#include <fstream>
#include <vector>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "server/store/reader.h"

namespace eida::app {
namespace {

constexpr size_t kBlock = 1 << 20;

// Copies, checks the content against its name, and syncs.
Result<int64_t> CopyVerified(const std::string& from, const std::string& to,
                             const std::string& digest) {
  std::ifstream in(from, std::ios::binary);
  std::ofstream out(to, std::ios::binary);
  if (!in) return NotFound("blob " + from + ": cannot be read");
  Sha256 sha;
  int64_t size = 0;
  std::vector<char> block(kBlock);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())), in.gcount() > 0) {
    const size_t n = static_cast<size_t>(in.gcount());
    sha.Update(block.data(), n);
    out.write(block.data(), static_cast<std::streamsize>(n));
    size += static_cast<int64_t>(n);
  }
  out.close();
  if (in.bad() || !out)
    return FailedPrecondition("backup file " + to + ": could not be written; is the disk full?");
  if (sha.FinishHex() != digest) {
    return DataLoss(
        "blob " + from +
        ": its content is not what its name says; move the file away, so that the next run of "
        "the job makes it again, then back up again");
  }
  EIDA_RETURN_IF_ERROR(SyncFile(to));
  return size;
}

Status CopyBlobs(const std::string& from, const std::string& to, BackupResult* result) {
  EIDA_RETURN_IF_ERROR(MakeDirs(to, 0750));
  if (!IsDirectory(from)) return OkStatus();
  EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> folders, ListDir(from));
  for (const std::string& folder : folders) {
    if (folder.size() != 2) continue;  // uploads under way
    EIDA_RETURN_IF_ERROR(MakeDirs(JoinPath(to, folder), 0750));
    EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDir(JoinPath(from, folder)));
    for (const std::string& name : names) {
      const std::string path = folder + "/" + name;
      if (!IsDigest(folder + name)) continue;
      EIDA_ASSIGN_OR_RETURN(const int64_t size,
                            CopyVerified(JoinPath(from, path), JoinPath(to, path), folder + name));
      ++result->blobs;
      result->bytes += size;
    }
    EIDA_RETURN_IF_ERROR(SyncDir(JoinPath(to, folder)));
  }
  return SyncDir(to);
}

}  // namespace

Result<BackupResult> Backup(const std::string& data, const std::string& to) {
  if (FileExists(to) || IsDirectory(to)) {
    return AlreadyExists("backup " + to +
                         ": there is something already; name a directory that does not exist");
  }
  const std::string partial = to + ".partial";
  EIDA_RETURN_IF_ERROR(RemoveTree(partial));
  EIDA_ASSIGN_OR_RETURN(const auto reader, store::Reader::Open(data));
  EIDA_RETURN_IF_ERROR(MakeDirs(partial, 0750));
  BackupResult result;
  // The database first: content is stored before a row names it, so that everything the copy names
  // is there afterwards.
  const std::string database = store::DatabasePath(partial);
  Status status = reader->Backup(database);
  if (status.ok()) status = CopyBlobs(JoinPath(data, "blobs"), JoinPath(partial, "blobs"), &result);
  if (status.ok()) status = SyncDir(partial);
  if (!status.ok()) {
    (void)RemoveTree(partial);
    return status;
  }
  EIDA_ASSIGN_OR_RETURN(const int64_t size, FileSize(database));
  result.bytes += size;
  EIDA_RETURN_IF_ERROR(RenameFile(partial, to));
  EIDA_RETURN_IF_ERROR(SyncDir(DirName(to)));
  return result;
}

}  // namespace eida::app
