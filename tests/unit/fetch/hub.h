// Hugging Face as a test server: the API's list of files, and the files.
#pragma once

#include <map>
#include <string>

#include "common/base/digest.h"
#include "common/base/json.h"
#include "tests/unit/fetch/web.h"

namespace eida::fetch {

inline constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

struct FakeHub {
  std::string repository = "models/o/n";  // as in the API's path
  std::string revision = "main";          // escaped, as it is asked for
  std::string commit = kCommit;
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> claimed;  // SHA-256 that the API says instead of the right one

  WebAnswer operator()(const WebRequest& request) const {
    for (const std::string& asked : {revision, commit}) {
      if (request.path == "/api/" + repository + "/revision/" + asked + "?blobs=true")
        return {200, List().dump()};
    }
    const std::string prefix =
        (repository.rfind("models/", 0) == 0 ? "/" + repository.substr(7) : "/" + repository) +
        "/resolve/" + commit + "/";
    if (request.path.rfind(prefix, 0) == 0) {
      const auto file = files.find(request.path.substr(prefix.size()));
      if (file != files.end())
        return ServeContent(request, file->second, "\"" + DigestOf(file->second).str() + "\"");
    }
    return {404, "{\"error\": \"Entry not found\"}"};
  }

  Json List() const {
    Json siblings = Json::array();
    for (const auto& [name, content] : files) {
      Json sibling = {{"rfilename", name}, {"size", content.size()}};
      if (content.size() > 1000) {
        const auto other = claimed.find(name);
        sibling["lfs"] = {
            {"sha256", other == claimed.end() ? DigestOf(content).str() : other->second},
            {"size", content.size()},
            {"pointerSize", 134}};
      }
      siblings.push_back(std::move(sibling));
    }
    return {{"sha", commit}, {"tags", {"pytorch", "license:mit"}}, {"siblings", siblings}};
  }
};

}  // namespace eida::fetch
