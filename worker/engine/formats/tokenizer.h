// A Hugging Face tokenizer.json.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

// Which text of a pair gives way, at its end, when an item is too long: transformers' truncation
// strategies. With only one of them, a pair that the other text fills alone is an error.
enum class Truncation { kLongestFirst, kOnlyFirst, kOnlySecond };

// Ids around the texts, in place of the template: before A [B] after, all of segment 0.
struct TokenFrame {
  std::vector<int64_t> before, after;
};

struct EncodeOptions {
  int64_t max_length = 0;  // tokens of an item, special ones included; 0 = no limit
  int threads = 1;
  Truncation truncation = Truncation::kLongestFirst;
  bool special_tokens = true;       // false: the texts' own tokens alone
  std::optional<TokenFrame> frame;  // instead of the file's template
};

// Safe to use from several threads.
class Tokenizer {
 public:
  // ConfigError naming the file when it is not a tokenizer of the tokenizers library.
  static Result<Tokenizer> Open(const std::string& path);
  const std::string& path() const { return path_; }
  // Ids are below this number.
  int64_t vocabulary() const;
  // The id of a token as the vocabulary spells it.
  std::optional<int64_t> Id(const std::string& token) const;

  // `pairs` is empty or as long as `texts`. DataError naming the file and the first item that is
  // not UTF-8 (with the byte), has no room in max_length, or cannot be cut as asked.
  Result<TokenIds> Encode(const std::vector<std::string>& texts,
                          const std::vector<std::string>& pairs,
                          const EncodeOptions& options) const;
  // With special tokens, cut to `max_length` tokens (longest text first).
  Result<TokenIds> Encode(const std::vector<std::string>& texts,
                          const std::vector<std::string>& pairs, int64_t max_length,
                          int threads) const;

  // The text of ids. Ids without a token are left out, and bytes that are no UTF-8 become U+FFFD.
  // `clean_up` closes the spaces before punctuation and contractions, except after BPE: there they
  // are the text's own. DataError for an id that is none (the -100 of labels).
  Result<std::string> Decode(const std::vector<int64_t>& ids, bool skip_special_tokens,
                             bool clean_up = false) const;

 private:
  std::shared_ptr<EidaTokenizer> handle_;
  std::string path_;
};

}  // namespace eida::engine
