#include "worker/metrics/text/ptb.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "worker/metrics/text/ptb_scan.h"
#include "worker/metrics/text/rewrite.h"

namespace eida::metrics {
namespace {

using View = std::u32string_view;
using Shape = Found (*)(const Text&, size_t);

// In the order in which they have a word that several take equally far.
constexpr Shape kShapes[] = {
    FindContracted, FindWord,    FindApostrophe,   FindUrl, FindAddress,    FindClitic,  FindDate,
    FindNumber,     FindSlashed, FindAbbreviation, FindRun, FindHyphenated, FindCapitals};

// Single characters that become another word, or that are written as they are.
struct Written {
  View from, to;
};
constexpr Written kWritten[] = {
    {U"(", U"-lrb-"},      {U")", U"-rrb-"},    {U"{", U"-lcb-"},    {U"}", U"-rcb-"},
    {U"[", U"-lsb-"},      {U"]", U"-rsb-"},    {U"\u2013", U"--"},  {U"\u2014", U"--"},
    {U"\u2015", U"--"},    {U"\u2026", U"..."}, {U"\u00a3", U"#"},   {U"\u20ac", U"$"},
    {U"\u00a2", U"cents"}, {U"\u00bc", U"1/4"}, {U"\u00bd", U"1/2"}, {U"\u00be", U"3/4"},
    {U"\u2153", U"1/3"},   {U"\u2154", U"2/3"}, {U"\u2018", U"`"},   {U"\u2019", U"'"},
    {U"\u00b4", U"'"},     {U"\u201c", U"``"},  {U"\u00ab", U"``"},  {U"\u201d", U"''"},
    {U"\u00bb", U"''"},    {U"\u2039", U"`"},   {U"\u203a", U"'"}};

constexpr std::array kPunctuation = std::to_array<std::string_view>(
    {"''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";"});

Text Word(const Text& text, size_t i, size_t n) {
  const char32_t c = text[i];
  if (n >= 3 && c == U'.' && text[i + 1] == U'.') return U"...";
  if ((n == 3 || n == 4) && c == U'-' && text[i + 1] == U'-') return U"--";
  Text word = text.substr(i, n);
  const size_t mark = word[0] == U'n' || word[0] == U'N' ? 1 : 0;  // n't, 's
  const bool clitic = mark < n && std::none_of(word.begin() + mark + 1, word.end(), IsApostrophe);
  if (clitic && n <= 3 && IsApostrophe(word[mark])) word[mark] = U'\'';
  return word;
}

// A quotation mark opens where a letter, a digit or a dollar comes.
Text Quote(const Text& text, size_t behind) {
  const char32_t next = behind < text.size() ? text[behind] : U'\n';
  return IsLatinLetter(next) || IsDigit(next) || next == U'$' ? U"``" : U"''";
}

bool IsKnown(char32_t c) { return c < 0x800 || IsLetter(c) || (c >= 0x2000 && c <= 0x2bff); }

}  // namespace

Tokens PtbTokens(const Text& given) {
  Text text = given;
  ReplaceAll(text, {{U"&amp;", U"&"},
                    {U"&quot;", U"\""},
                    {U"&apos;", U"'"},
                    {U"&lt;", U"<"},
                    {U"&gt;", U">"},
                    {U"\u00ad", U""}});
  Tokens tokens;
  const auto add = [&](const Text& word) { tokens.push_back(Encode(Lower(word))); };
  for (size_t i = 0; i < text.size();) {
    if (IsPythonSpace(text[i])) {
      ++i;
      continue;
    }
    Found best;
    for (const Shape shape : kShapes) {
      const Found found = shape(text, i);
      if (found.reach > best.reach) best = found;
    }
    if (best.length > 0) {
      add(Word(text, i, best.length));
      i += best.length;
      continue;
    }
    const char32_t c = text[i];
    const bool two = i + 1 < text.size() && c == U'\'' && text[i + 1] == U'\'';
    if (c == U'"' || two) {
      i += two ? 2 : 1;
      add(two ? Text(U"''") : Quote(text, i));
      continue;
    }
    const auto written = std::find_if(std::begin(kWritten), std::end(kWritten),
                                      [&](const Written& each) { return each.from[0] == c; });
    if (written != std::end(kWritten)) {
      add(Text(written->to));
    } else if (IsKnown(c) && !IsOther(c)) {
      add(Text(1, c));
    }
    ++i;
  }
  return tokens;
}

Tokens CaptionTokens(const Text& text) {
  Tokens tokens = PtbTokens(text);
  const auto drop = [](const std::string& token) {
    return std::find(kPunctuation.begin(), kPunctuation.end(), token) != kPunctuation.end();
  };
  tokens.erase(std::remove_if(tokens.begin(), tokens.end(), drop), tokens.end());
  return tokens;
}

}  // namespace eida::metrics
