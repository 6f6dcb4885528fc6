// The Moses scripts that translations into Romanian pass before they are scored, for that language.
// Rules of mosesdecoder/scripts/tokenizer and of wmt16-scripts/preprocess; own code. Each takes and
// gives one line without its end. The line's end takes part in the rules where it does in the
// scripts, which read lines.
#pragma once

#include "worker/metrics/text/unicode.h"

namespace eida::metrics {

void ReplaceUnicodePunctuation(Text& line);  // replace-unicode-punctuation.perl
void NormalizePunctuation(Text& line);       // normalize-punctuation.perl -l ro
void RemoveNonPrinting(Text& line);          // remove-non-printing-char.perl
void NormalizeRomanian(Text& line);          // normalise-romanian.py: cedillas become commas below
void RemoveRomanianDiacritics(Text& line);   // remove-diacritics.py
// tokenizer.perl -no-escape -l ro. Words are divided by one space.
void TokenizeRomanian(Text& line);

// All of them in this order, as the evaluation of WMT16 English to Romanian runs them. White space
// of any kind in `text`, line ends too, ends up as a space.
Text PostprocessRomanian(Text text);

}  // namespace eida::metrics
