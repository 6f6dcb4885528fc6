// The items of a split as the engine reads them: rows turned into token ids.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "worker/engine/formats/tokenizer.h"

namespace eida::engine {

inline constexpr int64_t kNoLabel = -100;

// What a task makes of the rows of a split, in file order.
struct EncodedRows {
  std::vector<int64_t> items;   // row numbers
  std::vector<int64_t> labels;  // of a classifier; else empty
  TokenIds tokens;              // one entry per item
  TokenIds decoder;             // what an encoder-decoder's decoder reads; else empty
  // Language models: for each token of `decoder` (of `tokens` when there is no decoder) the token
  // that it predicts, kNoLabel where the loss does not look. Empty for classifiers.
  std::vector<int64_t> targets;
};

// As TokenIds, in memory that belongs to somebody else.
struct TokenSpans {
  std::span<const int64_t> starts;
  std::span<const int32_t> ids;
  std::span<const uint8_t> types, special;
  int64_t size() const { return starts.empty() ? 0 : static_cast<int64_t>(starts.size()) - 1; }
};

// Encoded rows, read-only and narrow: parts of a file's image (token_file.h), which is in memory of
// this process or a mapping that processes share. Copies share it too.
struct Examples {
  Examples() = default;
  explicit Examples(const EncodedRows& rows);  // the same items, copied into an image

  std::span<const int64_t> items, labels;
  TokenSpans tokens, decoder;
  std::span<const int32_t> targets;
  std::string item_hash;
  std::shared_ptr<const char> memory;  // what the spans are parts of

  int64_t size() const { return static_cast<int64_t>(items.size()); }
  int64_t length(int64_t i) const { return tokens.starts[i + 1] - tokens.starts[i]; }
  // How many labels the loss of an item is about.
  int64_t label_count(int64_t i) const;
  // The sequences that a language model predicts.
  const TokenSpans& predicted() const { return decoder.size() > 0 ? decoder : tokens; }
};

}  // namespace eida::engine
