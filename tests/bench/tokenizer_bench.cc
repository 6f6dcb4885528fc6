// Tokenises the first column of a file, again and again; tests/bench/tokenizer_bench.py puts the
// Python library beside it.
//
//   eida_tokenizer_bench TOKENIZER.json ROWS.tsv MAX_LENGTH THREADS ROUNDS
//
// Prints a line of JSON: {"tokens", "seconds": [of each round; in the first one nothing is known
// yet]}.
#include <cstdio>
#include <cstdlib>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/base/json.h"
#include "worker/engine/formats/tokenizer.h"

namespace eida {
namespace {

Result<std::vector<std::string>> FirstColumn(const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  std::vector<std::string> texts;
  for (size_t at = content.find('\n') + 1; at < content.size();) {
    const size_t end = std::min(content.find('\n', at), content.size());
    texts.push_back(content.substr(at, std::min(content.find('\t', at), end) - at));
    at = end + 1;
  }
  return texts;
}

Status Bench(char** argv) {
  EIDA_ASSIGN_OR_RETURN(const auto tokenizer, engine::Tokenizer::Open(argv[1]));
  EIDA_ASSIGN_OR_RETURN(const auto texts, FirstColumn(argv[2]));
  Json result = {{"tokens", 0}, {"seconds", Json::array()}};
  for (int round = 0; round < std::atoi(argv[5]); ++round) {
    const Stopwatch watch;
    EIDA_ASSIGN_OR_RETURN(const auto ids,
                          tokenizer.Encode(texts, {}, std::atoi(argv[3]), std::atoi(argv[4])));
    result["seconds"].push_back(watch.Seconds());
    result["tokens"] = ids.starts.back();
  }
  std::printf("%s\n", result.dump().c_str());
  return OkStatus();
}

}  // namespace
}  // namespace eida

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr,
                 "usage: eida_tokenizer_bench TOKENIZER.json ROWS.tsv MAX_LENGTH THREADS ROUNDS\n");
    return 2;
  }
  const eida::Status status = eida::Bench(argv);
  if (!status.ok()) std::fprintf(stderr, "error: %s\n", eida::Message(status).c_str());
  return status.ok() ? 0 : 1;
}
