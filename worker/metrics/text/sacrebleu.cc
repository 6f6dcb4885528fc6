#include "worker/metrics/text/sacrebleu.h"

#include "worker/metrics/text/rewrite.h"

namespace eida::metrics {
namespace {

bool Is13aPunctuation(char32_t c) {
  const auto in = [c](char32_t low, char32_t high) { return c >= low && c <= high; };
  return in(U'{', U'~') || in(U'[', U'`') || in(U' ', U'&') || in(U'(', U'+') || in(U':', U'@') ||
         c == U'/';
}
bool IsPointOrComma(char32_t c) { return c == U'.' || c == U','; }
bool IsNoDigit(char32_t c) { return !IsDigit(c); }
bool IsDash(char32_t c) { return c == U'-'; }
bool IsNoNumber(char32_t c) { return !IsNumber(c); }

void SplitAsIntl(Text& text) {
  SpacePairs(text, IsNoNumber, IsPunctuation, {.between = true, .behind = true});
  SpacePairs(text, IsPunctuation, IsNoNumber, {.before = true, .between = true});
  SpaceAround(text, IsSymbol);
}

Tokens Characters(const Text& text) {
  Tokens tokens;
  for (const char32_t c : text) {
    if (!IsPythonSpace(c)) tokens.push_back(Encode(Text(1, c)));
  }
  return tokens;
}

}  // namespace

void SplitAs13a(Text& text) {
  ReplaceAll(text, {{U"&quot;", U"\""}, {U"&amp;", U"&"}, {U"&lt;", U"<"}, {U"&gt;", U">"}});
  text.insert(0, 1, U' ');
  text.push_back(U' ');
  SpaceAround(text, Is13aPunctuation);
  SpacePairs(text, IsNoDigit, IsPointOrComma, {.between = true, .behind = true});
  SpacePairs(text, IsPointOrComma, IsNoDigit, {.before = true, .between = true});
  SpacePairs(text, IsDigit, IsDash, {.between = true, .behind = true});
}

Tokens Tokenize(Text text, Tokenizer tokenizer) {
  while (!text.empty() && IsPythonSpace(text.back())) text.pop_back();
  switch (tokenizer) {
    case Tokenizer::k13a:
      ReplaceAll(text, {{U"<skipped>", U""}, {U"-\n", U""}, {U"\n", U" "}});
      SplitAs13a(text);
      break;
    case Tokenizer::kIntl:
      SplitAsIntl(text);
      break;
    case Tokenizer::kChar:
      return Characters(text);
    case Tokenizer::kNone:
      break;
  }
  return SplitAt(text, IsPythonSpace);
}

}  // namespace eida::metrics
