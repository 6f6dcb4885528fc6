#include "worker/engine/tasks/token_key.h"

#include "common/base/digest.h"
#include "worker/engine/tasks/token_file.h"

namespace eida::engine {

Result<std::string> TokenKey(const Job& job, const Base& base, const ItemChoice& choice) {
  Json files = Json::object();
  for (const auto& [role, path] : job.inputs) {
    if (role.rfind("data/", 0) != 0 && role != "model/config.json" &&
        role != "model/tokenizer.json" && role != "model/tokenizer_config.json")
      continue;
    EIDA_ASSIGN_OR_RETURN(const Digest digest, DigestOfFile(path));
    files[role] = digest.str();
  }
  const Json decides = {{"version", kTokenFileVersion},
                        {"data", job.spec.value("data", Json::object())},
                        {"choice", choice.key()},
                        {"labels", base.labels},
                        {"files", std::move(files)}};
  return DigestOf(Canonical(decides)).str();
}

}  // namespace eida::engine
