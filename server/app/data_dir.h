// Where the state may live.
#pragma once

#include <functional>
#include <string>

#include "common/base/status.h"

namespace eida::app {

// The kernel's name of the file system that holds `path`, which exists: "ext4", "nfs4",
// "fuse.sshfs", ..; "" when it has none that we know.
using FileSystemOf = std::function<Result<std::string>(const std::string& path)>;
Result<std::string> FileSystemType(const std::string& path);

// Makes the directory and checks that it can hold the state: writable, and on no network file
// system, where a lock is not always a lock and an acknowledged write is not always on a disk.
// FailedPrecondition naming the directory, the reason and the next step, before anything is made.
// What a restart of the machine loses (tmpfs) is used, with a warning in the log.
Status PrepareDataDir(const std::string& dir, const FileSystemOf& file_system = FileSystemType);

}  // namespace eida::app
