#include "worker/metrics/text/unicode.h"

#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

namespace eida::metrics {
namespace {

bool InCategories(char32_t c, uint32_t mask) { return (U_MASK(u_charType(c)) & mask) != 0; }

void Append(std::string& out, char32_t c) {
  uint8_t bytes[U8_MAX_LENGTH];
  int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, c);
  out.append(reinterpret_cast<const char*>(bytes), length);
}

}  // namespace

Result<Text> Decode(const std::string& utf8) {
  Text text;
  text.reserve(utf8.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto size = static_cast<int64_t>(utf8.size());
  for (int64_t i = 0; i < size;) {
    const int64_t start = i;
    UChar32 c = 0;
    U8_NEXT(bytes, i, size, c);
    if (c < 0) return InvalidArgument("byte " + std::to_string(start) + " is not UTF-8");
    text.push_back(static_cast<char32_t>(c));
  }
  return text;
}

std::string Encode(const Text& text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char32_t c : text) Append(out, c);
  return out;
}

Text Lower(const Text& text) {
  static_assert(sizeof(UChar32) == sizeof(char32_t));
  icu::UnicodeString string = icu::UnicodeString::fromUTF32(
      reinterpret_cast<const UChar32*>(text.data()), static_cast<int32_t>(text.size()));
  string.toLower(icu::Locale::getRoot());
  Text lower;
  lower.reserve(text.size());
  for (int32_t i = 0; i < string.length(); i = string.moveIndex32(i, 1))
    lower.push_back(static_cast<char32_t>(string.char32At(i)));
  return lower;
}

bool IsAscii(char32_t c) { return c < 0x80; }
bool IsDigit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool IsLatinLetter(char32_t c) { return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z'); }
bool IsLetter(char32_t c) { return u_hasBinaryProperty(c, UCHAR_ALPHABETIC); }
bool IsAlnum(char32_t c) { return u_hasBinaryProperty(c, UCHAR_POSIX_ALNUM); }
bool IsLower(char32_t c) { return u_hasBinaryProperty(c, UCHAR_LOWERCASE); }
bool IsNumber(char32_t c) { return InCategories(c, U_GC_N_MASK); }
bool IsPunctuation(char32_t c) { return InCategories(c, U_GC_P_MASK); }
bool IsSymbol(char32_t c) { return InCategories(c, U_GC_S_MASK); }
bool IsOther(char32_t c) { return InCategories(c, U_GC_C_MASK); }
bool IsSpace(char32_t c) { return u_hasBinaryProperty(c, UCHAR_WHITE_SPACE); }
bool IsPythonSpace(char32_t c) { return IsSpace(c) || (c >= 0x1c && c <= 0x1f); }

Tokens SplitAt(const Text& text, bool (*space)(char32_t)) {
  Tokens tokens;
  bool inside = false;
  for (const char32_t c : text) {
    const bool outside = space(c);
    if (!outside) {
      if (!inside) tokens.emplace_back();
      Append(tokens.back(), c);
    }
    inside = !outside;
  }
  return tokens;
}

}  // namespace eida::metrics
