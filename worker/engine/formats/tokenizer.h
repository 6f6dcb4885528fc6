// A Hugging Face tokenizer.json.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"

struct EidaTokenizer;

namespace eida::engine {

// Token ids of several texts, one after another: text i has [starts[i], starts[i + 1]) of each
// array.
struct TokenIds {
  std::vector<int64_t> starts = {0};
  std::vector<int64_t> ids;
  std::vector<int64_t> types;    // segment
  std::vector<uint8_t> special;  // 1 = added by the tokenizer's template
  int64_t size() const { return static_cast<int64_t>(starts.size()) - 1; }
};

// Safe to use from several threads.
class Tokenizer {
 public:
  // ConfigError naming the file when it is not a tokenizer of the tokenizers library.
  static Result<Tokenizer> Open(const std::string& path);
  // Ids are below this number.
  int64_t vocabulary() const;
  // With special tokens, cut to `max_length` tokens (longest text first). `pairs` is empty or as
  // long as `texts`.
  Result<TokenIds> Encode(const std::vector<std::string>& texts,
                          const std::vector<std::string>& pairs, int64_t max_length,
                          int threads) const;

 private:
  std::shared_ptr<EidaTokenizer> handle_;
  std::string path_;
};

}  // namespace eida::engine
