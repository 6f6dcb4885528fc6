// The shapes that words of the Penn Treebank's kind have, for text/ptb.cc.
#pragma once

#include <cstddef>

#include "worker/metrics/text/unicode.h"

namespace eida::metrics {

// How much of the text a shape takes at a place, and how far it looked: among shapes the one that
// looked furthest has the word. {0, 0} where the shape is not there.
struct Found {
  size_t length = 0, reach = 0;
};

Found FindWord(const Text& text, size_t i);          // letters and digits, points inside
Found FindContracted(const Text& text, size_t i);    // "it" of it's, "do" of don't, "can" of cannot
Found FindClitic(const Text& text, size_t i);        // 's, n't and the like behind a word
Found FindApostrophe(const Text& text, size_t i);    // O'Brien, 'em, '90s, ol'
Found FindNumber(const Text& text, size_t i);        // -3, 1,200.50, 12:30
Found FindDate(const Text& text, size_t i);          // 1/2/2003, fractions
Found FindHyphenated(const Text& text, size_t i);    // family-friendly, 20-25, U.S.-based
Found FindSlashed(const Text& text, size_t i);       // and/or
Found FindCapitals(const Text& text, size_t i);      // R&B, US$
Found FindAbbreviation(const Text& text, size_t i);  // Mr., etc., U.S., a.m., J.
Found FindUrl(const Text& text, size_t i);           // http://.., www.., name.com
Found FindAddress(const Text& text, size_t i);       // a@b.c, @name, #tag
Found FindRun(const Text& text, size_t i);           // ..., --, ?!, **, ``, <tag>, -LRB-

bool IsApostrophe(char32_t c);

}  // namespace eida::metrics
