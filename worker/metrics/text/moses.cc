#include "worker/metrics/text/moses.h"

#include <algorithm>

#include "worker/metrics/text/rewrite.h"

namespace eida::metrics {
namespace {

constexpr char32_t kNoBreak = U'\u00a0';

bool IsBracketEnd(char32_t c) { return c == U')'; }
bool IsPercent(char32_t c) { return c == U'%'; }
bool IsAfterBracket(char32_t c) { return std::u32string_view(U".!:?;,").find(c) != Text::npos; }

// Spaces behind a full-width stop go, and one comes.
void StopWithSpace(Text& line, char32_t stop) {
  if (line.find(stop) == Text::npos) return;
  Text out;
  for (size_t i = 0; i < line.size();) {
    if (line[i] != stop) {
      out.push_back(line[i++]);
      continue;
    }
    out.append(U". ");
    for (++i; i < line.size() && line[i] == U' ';) ++i;
  }
  line = std::move(out);
}

bool IsPerlByteSpace(char32_t c) { return c == U' ' || (c >= U'\t' && c <= U'\r'); }

// Points in front of a quotation mark go behind it, unless nothing or only a < comes then.
void QuoteBeforePoints(Text& line) {
  Text out;
  out.reserve(line.size());
  for (size_t i = 0; i < line.size();) {
    size_t quote = i;
    while (quote < line.size() && line[quote] == U'.') ++quote;
    if (quote == i || quote >= line.size() || line[quote] != U'"') {
      const size_t end = std::max(quote, i + 1);
      out.append(line, i, end - i);
      i = end;
      continue;
    }
    size_t last = quote + 1;  // white space, as much as leaves one character that is no <
    while (last < line.size() && IsPerlByteSpace(line[last])) ++last;
    if (last >= line.size() || line[last] == U'<') --last;
    if (last == quote) {
      out.append(line, i, quote + 1 - i);
      i = quote + 1;
      continue;
    }
    out.push_back(U'"');
    out.append(line, i, quote - i).append(line, quote + 1, last - quote);
    i = last + 1;
  }
  line = std::move(out);
}

}  // namespace

void ReplaceUnicodePunctuation(Text& line) {
  Replace(line, U"，", U",");
  StopWithSpace(line, U'。');
  ReplaceAll(line, {{U"、", U","},
                    {U"”", U"\""},
                    {U"“", U"\""},
                    {U"∶", U":"},
                    {U"：", U":"},
                    {U"？", U"?"},
                    {U"《", U"\""},
                    {U"》", U"\""},
                    {U"）", U")"},
                    {U"！", U"!"},
                    {U"（", U"("},
                    {U"；", U";"},
                    {U"」", U"\""},
                    {U"「", U"\""}});
  for (char32_t& c : line) {
    if (c >= U'０' && c <= U'９') c = U'0' + (c - U'０');
  }
  StopWithSpace(line, U'．');
  ReplaceAll(line, {{U"～", U"~"},
                    {U"’", U"'"},
                    {U"…", U"..."},
                    {U"━", U"-"},
                    {U"〈", U"<"},
                    {U"〉", U">"},
                    {U"【", U"["},
                    {U"】", U"]"},
                    {U"％", U"%"}});
}

void NormalizePunctuation(Text& line) {
  line.push_back(U'\n');
  ReplaceAll(line, {{U"\r", U""}, {U"(", U" ("}, {U")", U") "}});
  Squeeze(line);
  ReplaceBetween(line, IsBracketEnd, U" ", IsAfterBracket, U"");
  ReplaceAll(line, {{U"( ", U"("}, {U" )", U")"}});
  ReplaceBetween(line, IsDigit, U" ", IsPercent, U"");
  ReplaceAll(line, {{U" :", U":"}, {U" ;", U";"}, {U"`", U"'"}, {U"''", U" \" "}});
  ReplaceAll(line, {{U"„", U"\""}, {U"“", U"\""}, {U"”", U"\""}, {U"–", U"-"}, {U"—", U" - "}});
  Squeeze(line);
  Replace(line, U"´", U"'");
  ReplaceBetween(line, IsLatinLetter, U"‘", IsLatinLetter, U"'");
  ReplaceBetween(line, IsLatinLetter, U"’", IsLatinLetter, U"'");
  ReplaceAll(line, {{U"‘", U"'"}, {U"‚", U"'"}, {U"’", U"\""}, {U"''", U"\""}, {U"…", U"..."}});
  // Quotation marks of French, and spaces that do not break a line.
  ReplaceAll(line, {{U"\u00a0«\u00a0", U" \""},
                    {U"«\u00a0", U"\""},
                    {U"«", U"\""},
                    {U"\u00a0»\u00a0", U"\" "},
                    {U"\u00a0»", U"\""},
                    {U"»", U"\""},
                    {U"\u00a0%", U"%"},
                    {U"nº\u00a0", U"nº "},
                    {U"\u00a0:", U":"},
                    {U"\u00a0ºC", U" ºC"},
                    {U"\u00a0cm", U" cm"},
                    {U"\u00a0?", U"?"},
                    {U"\u00a0!", U"!"},
                    {U"\u00a0;", U";"},
                    {U",\u00a0", U", "}});
  Squeeze(line);
  Replace(line, U",\"", U"\",");
  QuoteBeforePoints(line);
  ReplaceBetween(line, IsDigit, std::u32string_view(&kNoBreak, 1), IsDigit, U".");
  line.erase(std::remove(line.begin(), line.end(), U'\n'), line.end());
}

void RemoveNonPrinting(Text& line) { std::replace_if(line.begin(), line.end(), IsOther, U' '); }

void NormalizeRomanian(Text& line) {
  ReplaceAll(line, {{U"Ş", U"Ș"}, {U"ş", U"ș"}, {U"Ţ", U"Ț"}, {U"ţ", U"ț"}});
}

void RemoveRomanianDiacritics(Text& line) {
  ReplaceAll(line, {{U"Ș", U"S"},
                    {U"ș", U"s"},
                    {U"Ț", U"T"},
                    {U"ț", U"t"},
                    {U"Ă", U"A"},
                    {U"ă", U"a"},
                    {U"Â", U"A"},
                    {U"â", U"a"},
                    {U"Î", U"I"},
                    {U"î", U"i"}});
}

Text PostprocessRomanian(Text text) {
  for (char32_t& c : text) {
    if (c == U'\n') c = U' ';
  }
  ReplaceUnicodePunctuation(text);
  NormalizePunctuation(text);
  RemoveNonPrinting(text);
  NormalizeRomanian(text);
  RemoveRomanianDiacritics(text);
  TokenizeRomanian(text);
  return text;
}

}  // namespace eida::metrics
