// What common/render makes of distances, for the test against scipy.
//
//   eida_linkage REQUEST.json ANSWER.json
//
// REQUEST: [[[distance]]], an n x n matrix each. ANSWER: [{"merges": [[left, right, height, size]],
// "leaves": [item]}].
#include "common/render/linkage.h"

#include <cstdio>

#include "common/base/fs.h"
#include "common/base/json.h"

namespace eida {
namespace {

Status Answer(const std::string& request_path, const std::string& answer_path) {
  EIDA_ASSIGN_OR_RETURN(const Json request, ReadJsonFile(request_path));
  Json answer = Json::array();
  for (const Json& distances : request) {
    const render::Linkage linkage =
        render::AverageLinkage(distances.get<std::vector<std::vector<double>>>());
    Json merges = Json::array();
    for (const render::Merge& m : linkage.merges)
      merges.push_back({m.left, m.right, m.height, m.size});
    answer.push_back({{"merges", merges}, {"leaves", linkage.leaves}});
  }
  return WriteFileAtomic(answer_path, answer.dump());
}

}  // namespace
}  // namespace eida

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: eida_linkage REQUEST.json ANSWER.json\n");
    return 2;
  }
  const eida::Status status = eida::Answer(argv[1], argv[2]);
  if (!status.ok())
    std::fprintf(stderr, "eida_linkage: error: %s\n", eida::Message(status).c_str());
  return status.ok() ? 0 : 1;
}
