// The words that mteval-v13a compares in the E2E challenge.
#pragma once

#include "worker/metrics/corpus.h"

namespace eida::metrics {

// Entities read, punctuation set apart, A to Z made small; other letters keep their case. White
// space of any kind divides words.
Tokens MtevalTokens(const Text& text);

// An item's words so; references without a word are left out, so there may be none.
Words MtevalWords(const Corpus& corpus, size_t item);

}  // namespace eida::metrics
