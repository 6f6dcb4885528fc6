// Text as code points, and what Unicode says of them. ICU is the source of every property; no table
// of ours.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"

namespace eida::metrics {

using Text = std::u32string;
using Tokens = std::vector<std::string>;  // UTF-8 words

// InvalidArgument "byte 12 is not UTF-8" where it is not (surrogates and overlong forms neither).
Result<Text> Decode(const std::string& utf8);
std::string Encode(const Text& text);
// Full lower-casing as Python's str.lower: a sigma at a word's end is final.
Text Lower(const Text& text);

bool IsAscii(char32_t c);
bool IsDigit(char32_t c);        // 0 to 9
bool IsLatinLetter(char32_t c);  // a to z, A to Z
bool IsLetter(char32_t c);       // property Alphabetic
bool IsAlnum(char32_t c);        // Alphabetic or a decimal digit of any script
bool IsLower(char32_t c);        // property Lowercase
bool IsNumber(char32_t c);       // general categories N*
bool IsPunctuation(char32_t c);  // P*
bool IsSymbol(char32_t c);       // S*
bool IsOther(char32_t c);        // C*: control, format, private, surrogate, unassigned
bool IsSpace(char32_t c);        // property White_Space, what \s is in Perl
bool IsPythonSpace(char32_t c);  // what str.split and str.rstrip take for white space

// The words between runs of white space.
Tokens SplitAt(const Text& text, bool (*space)(char32_t));

}  // namespace eida::metrics
