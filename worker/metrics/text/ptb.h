// Words in the manner of the Penn Treebank, as the COCO caption scripts have them, which the E2E
// challenge uses for ROUGE-L, CIDEr and METEOR.
#pragma once

#include "worker/metrics/text/unicode.h"

namespace eida::metrics {

// Lower-cased words of a text, by the rules of Stanford's PTBTokenizer 3.4.1 that English prose
// meets: contractions (do n't, it 's), quotes as `` and '', brackets as -lrb-, numbers, dates,
// abbreviations, URLs, hyphenated words. White space of any kind divides words. Characters that the
// tokenizer does not know (emoji) are dropped. Not covered: markup, telephone numbers, emoticons.
Tokens PtbTokens(const Text& text);

// The same without what the caption scripts take for punctuation.
Tokens CaptionTokens(const Text& text);

}  // namespace eida::metrics
