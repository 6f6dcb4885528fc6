// Moses' tokenizer.perl -no-escape -l ro.
#include <algorithm>
#include <array>

#include "worker/metrics/text/moses.h"
#include "worker/metrics/text/rewrite.h"

namespace eida::metrics {
namespace {

// Stands for a point of a run of points, which stays one word: no rule takes it for a point, a
// letter or a number.
constexpr char32_t kRunPoint = 0xf8ff;

// Words that keep the point behind them anywhere in a sentence, besides single capitals: those of
// Moses' list for Romanian that can be met here. Its others have a point inside, which keeps the
// last one anyway, or a diacritic, and those are off by then.
constexpr std::array<std::u32string_view, 10> kAbbreviations = {
    U"dpdv", U"etc", U"dl", U"Dl", U"d-na", U"D-na", U"dvs", U"Dvs", U"pt", U"Pt"};

bool IsSeparate(char32_t c) {
  return !IsAlnum(c) && !IsSpace(c) && std::u32string_view(U".'`,-").find(c) == Text::npos;
}
bool IsNoNumber(char32_t c) { return !IsNumber(c); }
bool IsComma(char32_t c) { return c == U','; }
bool IsApostrophe(char32_t c) { return c == U'\''; }

void KeepRunsOfPoints(Text& line) {
  Text out;
  out.reserve(line.size() + 8);
  for (size_t i = 0; i < line.size();) {
    size_t end = i;
    while (end < line.size() && line[end] == U'.') ++end;
    if (end - i < 2) {
      out.push_back(line[i++]);
      continue;
    }
    out.push_back(U' ');
    out.append(end - i, kRunPoint);
    if (end < line.size()) out.push_back(U' ');
    i = end;
  }
  line = std::move(out);
}

bool IsAbbreviation(std::u32string_view word) {
  if (word.size() == 1) return word[0] >= U'A' && word[0] <= U'Z';
  return std::find(kAbbreviations.begin(), kAbbreviations.end(), word) != kAbbreviations.end();
}

// Whether the point at the end of `word` belongs to it, `next` being what comes then.
bool KeepsPoint(std::u32string_view word, const Text& next) {
  const bool dotted = word.find(U'.') != Text::npos;
  if (dotted && std::any_of(word.begin(), word.end(), IsLetter)) return true;
  return IsAbbreviation(word) || (!next.empty() && IsLower(next[0]));
}

std::vector<Text> Fields(const Text& line) {
  std::vector<Text> fields(1);
  for (const char32_t c : line) {
    if (c == U' ') {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  while (!fields.empty() && fields.back().empty()) fields.pop_back();
  return fields;
}

void SplitLastPoints(Text& line) {
  const std::vector<Text> words = Fields(line);
  line.clear();
  for (size_t i = 0; i < words.size(); ++i) {
    const Text& word = words[i];
    line.append(word);
    if (word.size() > 1 && word.back() == U'.') {
      const bool last = i + 1 == words.size();
      const auto before = std::u32string_view(word).substr(0, word.size() - 1);
      if (last || !KeepsPoint(before, words[i + 1])) line.insert(line.size() - 1, 1, U' ');
    }
    line.push_back(U' ');
  }
}

}  // namespace

void TokenizeRomanian(Text& line) {
  std::replace_if(line.begin(), line.end(), IsSpace, U' ');
  line.erase(std::remove_if(line.begin(), line.end(), [](char32_t c) { return c < U' '; }),
             line.end());
  Squeeze(line);
  TrimOne(line);
  SpaceAround(line, IsSeparate);
  KeepRunsOfPoints(line);
  SpacePairs(line, IsNoNumber, IsComma, {.between = true, .behind = true});
  SpacePairs(line, IsComma, IsNoNumber, {.before = true, .between = true});
  if (line.size() > 1 && line.back() == U',' && IsNumber(line[line.size() - 2]))
    line.insert(line.size() - 1, 1, U' ');
  SpaceAround(line, IsApostrophe);
  SplitLastPoints(line);
  Squeeze(line);
  TrimOne(line);
  std::replace(line.begin(), line.end(), kRunPoint, U'.');
}

}  // namespace eida::metrics
