// METEOR's -norm for English, punctuation kept.
#include <algorithm>

#include "worker/metrics/meteor/meteor.h"
#include "worker/metrics/text/rewrite.h"

namespace eida::metrics {
namespace {

bool In(std::u32string_view set, char32_t c) { return set.find(c) != Text::npos; }
bool IsSeparate(char32_t c) { return !IsAlnum(c) && !IsSpace(c) && !In(U".'`,-‘’", c); }
bool IsNoDigit(char32_t c) { return !IsDigit(c); }
bool IsNoLetter(char32_t c) { return !IsLetter(c); }
bool IsNeither(char32_t c) { return !IsLetter(c) && !IsDigit(c); }
bool IsAlnumOrPoint(char32_t c) { return IsAlnum(c) || c == U'.'; }
bool IsS(char32_t c) { return c == U's'; }

void SplitContractions(Text& line) {
  ReplaceBetween(line, IsNoLetter, U"'", IsNoLetter, U" ' ");
  ReplaceBetween(line, IsNeither, U"'", IsLetter, U" ' ");
  ReplaceBetween(line, IsLetter, U"'", IsNoLetter, U" ' ");
  ReplaceBetween(line, IsLetter, U"'", IsLetter, U" '");
  ReplaceBetween(line, IsDigit, U"'", IsS, U" '");
}

bool IsSmallLatin(char32_t c) { return c >= U'a' && c <= U'z'; }

// The point at a word's end: off in u.s., kept before a small letter and in a few abbreviations,
// else a word of its own.
void AddWord(Tokens& tokens, Text word, char32_t next) {
  const std::u32string_view before = std::u32string_view(word).substr(0, word.size() - 1);
  if (word.size() < 2 || word.back() != U'.') {
    tokens.push_back(Encode(word));
  } else if (before.find(U'.') != Text::npos &&
             std::any_of(before.begin(), before.end(), IsLetter)) {
    word.erase(std::remove(word.begin(), word.end(), U'.'), word.end());
    tokens.push_back(Encode(word));
  } else if (IsSmallLatin(next) || before == U"v" || before == U"vs" || before == U"rev" ||
             (before == U"pp" && IsDigit(next))) {
    tokens.push_back(Encode(word));
  } else {
    tokens.push_back(Encode(Text(before)));
    tokens.emplace_back(".");
  }
}

}  // namespace

Tokens MeteorTokens(const Tokens& words) {
  Text line = U" ";
  for (const std::string& word : words) {
    const Result<Text> text = Decode(word);
    line.append(text.ok() ? *text : Text()).push_back(U' ');
  }
  SpaceAround(line, IsSeparate);
  ReplaceBetween(line, IsNoDigit, U",", IsNoDigit, U" , ");
  ReplaceBetween(line, IsDigit, U",", IsNoDigit, U" , ");
  ReplaceBetween(line, IsNoDigit, U",", IsDigit, U" , ");
  ReplaceAll(
      line,
      {{U"`", U"'"}, {U"‘", U"'"}, {U"’", U"'"}, {U"''", U" \" "}, {U"–", U"-"}, {U"--", U"-"}});
  ReplaceBetween(line, IsAlnumOrPoint, U"-", IsAlnum, U" ");
  SplitContractions(line);

  std::vector<Text> parts;
  for (const std::string& part : SplitAt(line, IsSpace)) parts.push_back(*Decode(part));
  Tokens tokens;
  for (size_t i = 0; i < parts.size(); ++i)
    AddWord(tokens, parts[i], i + 1 < parts.size() ? parts[i + 1][0] : U'\0');
  return tokens;
}

}  // namespace eida::metrics
