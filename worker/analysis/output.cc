#include "worker/analysis/output.h"

#include "common/base/fs.h"

namespace eida::analysis {

Status AddJson(const engine::Job& job, const std::string& name, const std::string& kind,
               const std::string& file, const Json& value, engine::JobResult& result) {
  const std::string path = JoinPath(job.out, file);
  const Status written = WriteFileAtomic(path, Pretty(value));
  if (!written.ok()) return engine::IoError("job " + job.name + ": " + Message(written));
  AddFile(job, name, kind, file, Json::object(), result);
  return OkStatus();
}

void AddFile(const engine::Job& job, const std::string& name, const std::string& kind,
             const std::string& file, Json meta, engine::JobResult& result) {
  result.artifacts.push_back({name, kind, JoinPath(job.out, file), std::move(meta)});
}

}  // namespace eida::analysis
