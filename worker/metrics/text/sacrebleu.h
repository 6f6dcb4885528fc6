// The tokenizers that sacrebleu 2 names 13a, intl, char and none, rule by rule.
// Source: sacrebleu/tokenizers of sacrebleu 2.6; 13a is the one of NIST's mteval-v13a.
#pragma once

#include "worker/metrics/text/unicode.h"

namespace eida::metrics {

enum class Tokenizer { k13a, kIntl, kChar, kNone };

// The words of a text whose white space behind the end is off (sacrebleu takes it off first).
Tokens Tokenize(Text text, Tokenizer tokenizer);

// What mteval-v13a and the tokenizer 13a do once the text is one line: entities, then punctuation.
void SplitAs13a(Text& text);

}  // namespace eida::metrics
