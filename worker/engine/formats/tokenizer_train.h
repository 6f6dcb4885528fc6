// A vocabulary out of texts.
#pragma once

#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"

namespace eida::engine {

// `untrained`: a tokenizer.json (WordPiece, BPE or Unigram) whose model has no vocabulary and whose
// added tokens take the first ids. The same with a vocabulary of at most `size` tokens, those
// included; equal texts give equal bytes. DataError when the texts have no words, or more kinds of
// characters than `size` has room for.
Result<Json> TrainTokenizer(const Json& untrained, const std::vector<std::string>& texts,
                            int64_t size);

}  // namespace eida::engine
