// The steps that tokenization rules are written in. Each goes once through the text from left to
// right; what one match took, the next cannot take again, as s///g does. All linear.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "worker/metrics/text/unicode.h"

namespace eida::metrics {

using Is = bool (*)(char32_t);

// Every `from` becomes `to`.
void Replace(Text& text, std::u32string_view from, std::u32string_view to);
// The same for several, one after the other.
void ReplaceAll(Text& text,
                std::initializer_list<std::pair<std::u32string_view, std::u32string_view>> rules);
// A run of spaces (U+0020) becomes one.
void Squeeze(Text& text);
// One space is taken off each end, where there is one.
void TrimOne(Text& text);
// Every character that `is` gets spaces around it.
void SpaceAround(Text& text, Is is);

// Where a pair gets spaces.
struct Spaces {
  bool before = false, between = false, behind = false;
};
// Every two neighbours of which `first` and `second` hold get spaces.
void SpacePairs(Text& text, Is first, Is second, Spaces spaces);
// Every `middle` between two characters that `first` and `last` hold of becomes `to`.
void ReplaceBetween(Text& text, Is first, std::u32string_view middle, Is last,
                    std::u32string_view to);

}  // namespace eida::metrics
