#include "client/fetch/digest_file.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <vector>

#include "common/base/digest.h"
#include "common/base/fs.h"

namespace eida::fetch {

Result<std::string> HashFile(const std::string& path, const std::string& name, const Hooks& hooks) {
  EIDA_ASSIGN_OR_RETURN(const int64_t total, FileSize(path));
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "rbe"), fclose);
  if (file == nullptr) return ErrnoStatus(errno, path);
  std::vector<char> block(1 << 20);
  Sha256 sha;
  int64_t done = 0;
  for (size_t n; (n = fread(block.data(), 1, block.size(), file.get())) > 0;) {
    EIDA_RETURN_IF_ERROR(hooks.stop());
    sha.Update(block.data(), n);
    hooks.progress("check", name, done += static_cast<int64_t>(n), total);
  }
  if (ferror(file.get()) != 0) return ErrnoStatus(EIO, "read " + path);
  return sha.FinishHex();
}

}  // namespace eida::fetch
