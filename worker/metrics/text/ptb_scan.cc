#include "worker/metrics/text/ptb_scan.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace eida::metrics {
namespace {

using View = std::u32string_view;
using Is = bool (*)(char32_t);

char32_t At(const Text& text, size_t i) { return i < text.size() ? text[i] : U'\n'; }
size_t Run(const Text& text, size_t i, Is is) {
  size_t n = 0;
  while (i + n < text.size() && is(text[i + n])) ++n;
  return n;
}
char32_t Small(char32_t c) { return c >= U'A' && c <= U'Z' ? c + 32 : c; }
bool IsLine(const Text& text, size_t i, View small) {
  for (size_t k = 0; k < small.size(); ++k) {
    if (Small(At(text, i + k)) != small[k]) return false;
  }
  return true;
}
bool In(View set, char32_t c) { return set.find(c) != View::npos; }
bool IsPlain(char32_t c) { return IsLatinLetter(c) || IsDigit(c); }  // ASCII letters and digits
bool IsWordCharacter(char32_t c) { return IsAlnum(c); }
bool IsAnyDigit(char32_t c) { return IsAlnum(c) && !IsLetter(c); }
bool IsHyphen(char32_t c) { return In(U"-_\u058a\u2010\u2011", c); }

// n of "d", "ll" and so on at i, which is an apostrophe; 0 if none.
size_t Clitic(const Text& text, size_t i) {
  if (!IsApostrophe(At(text, i))) return 0;
  for (const View two : {View(U"re"), View(U"ve"), View(U"ll")}) {
    if (IsLine(text, i + 1, two)) return 3;
  }
  return In(U"msdMSD", At(text, i + 1)) ? 2 : 0;
}
bool IsNot(const Text& text, size_t i) {  // n't
  return Small(At(text, i)) == U'n' && IsApostrophe(At(text, i + 1)) &&
         Small(At(text, i + 2)) == U't';
}

size_t WordLength(const Text& text, size_t i) {
  if (!IsLetter(At(text, i))) return 0;
  size_t n = Run(text, i, IsWordCharacter);
  while (In(U".!?", At(text, i + n)) && IsLetter(At(text, i + n + 1)))
    n += 1 + Run(text, i + n + 1, IsWordCharacter);
  return n;
}

size_t NumberLength(const Text& text, size_t i, bool sign) {
  size_t n = sign && In(U"-+", At(text, i)) ? 1 : 0;
  const size_t whole = Run(text, i + n, IsAnyDigit);
  const View separators = whole > 0 ? View(U".,:") : View(U".,");
  size_t end = n + whole;
  while (In(separators, At(text, i + end)) && IsAnyDigit(At(text, i + end + 1)))
    end += 1 + Run(text, i + end + 1, IsAnyDigit);
  return end > n ? end : 0;
}

// A part of a hyphenated word: d'Avignon, letters and digits, or a number.
size_t PartLength(const Text& text, size_t i, bool sign) {
  size_t prefix = 0;
  if (In(U"dDoOlL", At(text, i)) && IsApostrophe(At(text, i + 1)) &&
      IsWordCharacter(At(text, i + 2)))
    prefix = 2;
  return std::max(prefix + Run(text, i + prefix, IsWordCharacter), NumberLength(text, i, sign));
}

size_t AcronymLength(const Text& text, size_t i) {  // U.S without the last point
  if (!IsLatinLetter(At(text, i))) return 0;
  size_t n = 1;
  while (At(text, i + n) == U'.' && IsLatinLetter(At(text, i + n + 1))) n += 2;
  return n;
}

constexpr std::array kMidSentence = std::to_array<View>(
    {U"jan", U"feb", U"mar",  U"apr", U"jun",  U"jul",  U"aug", U"sep",   U"sept", U"oct",
     U"nov", U"dec", U"mon",  U"tue", U"tues", U"wed",  U"thu", U"thurs", U"fri",  U"inc",
     U"co",  U"cos", U"corp", U"ltd", U"plc",  U"bros", U"jr",  U"univ",  U"etc",  U"al",
     U"seq", U"tel", U"est",  U"ext", U"sq",   U"esq",  U"bldg"});
constexpr std::array kTitles = std::to_array<View>(
    {U"mr",  U"mrs",  U"ms",  U"dr",     U"drs",  U"prof", U"profs", U"sen", U"sens",
     U"rep", U"reps", U"lt",  U"col",    U"gen",  U"gov",  U"govs",  U"adm", U"rev",
     U"maj", U"sgt",  U"cpl", U"pvt",    U"capt", U"st",   U"ste",   U"ave", U"pres",
     U"hon", U"mt",   U"ft",  U"messrs", U"vs",   U"v",    U"alex",  U"wm",  U"jos",
     U"cie", U"cf",   U"ph",  U"dept",   U"blvd", U"rd",   U"natl",  U"mfg"});

constexpr std::array kBeforeNumbers = std::to_array<View>(
    {U"ca", U"fig", U"figs", U"no", U"nos", U"prop", U"pp", U"op", U"art", U"arts", U"bldg"});
constexpr std::array kBrackets =
    std::to_array<View>({U"-lrb-", U"-rrb-", U"-lcb-", U"-rcb-", U"-lsb-", U"-rsb-"});

template <size_t n>
bool Has(const std::array<View, n>& words, const Text& text, size_t i, size_t length) {
  return std::any_of(words.begin(), words.end(),
                     [&](View word) { return word.size() == length && IsLine(text, i, word); });
}

// Words that begin a sentence far more often than they follow an initial.
constexpr std::array kOpeners = std::to_array<View>(
    {U"A",      U"About",   U"After", U"An",    U"As",    U"At",   U"But",     U"Did",
     U"During", U"Earlier", U"He",    U"Her",   U"Here",  U"How",  U"However", U"If",
     U"In",     U"It",      U"Last",  U"Many",  U"More",  U"Now",  U"Once",    U"One",
     U"Other",  U"Our",     U"She",   U"Since", U"So",    U"Some", U"Such",    U"That",
     U"The",    U"Their",   U"Then",  U"There", U"These", U"They", U"This",    U"We",
     U"What",   U"When",    U"While", U"Who",   U"Why",   U"Yet",  U"You"});

// Whether an initial's point, which ends at i, ends a sentence too.
bool EndsSentence(const Text& text, size_t i) {
  const size_t spaces = Run(text, i, IsSpace);
  const size_t word = i + spaces, n = Run(text, word, IsLatinLetter);
  const char32_t behind = At(text, word + n);
  return spaces > 0 && word + n < text.size() &&
         (IsSpace(behind) || behind == U'?' || behind == U'!') &&
         std::find(kOpeners.begin(), kOpeners.end(), View(text).substr(word, n)) != kOpeners.end();
}

bool IsUrlCharacter(char32_t c) { return !IsSpace(c) && !In(U"\"<>|(){}", c); }

}  // namespace

bool IsApostrophe(char32_t c) { return In(U"'\u2019\u00b4\u0092", c); }

Found FindWord(const Text& text, size_t i) {
  const size_t n = WordLength(text, i);
  return {n, n};
}

Found FindContracted(const Text& text, size_t i) {
  const size_t letters = Run(text, i, IsLatinLetter);
  if (letters >= 2 && IsNot(text, i + letters - 1) && Small(text[i + letters - 2]) != U'n')
    return {letters - 1, letters + 2};
  const size_t word = WordLength(text, i);
  if (word > 0) {
    if (const size_t clitic = Clitic(text, i + word); clitic > 0) return {word, word + clitic};
  }
  if (letters == 6 && IsLine(text, i, U"cannot")) return {3, 6};
  for (const View two :
       {View(U"gonna"), View(U"gotta"), View(U"lemme"), View(U"gimme"), View(U"wanna")}) {
    if (letters == 5 && IsLine(text, i, two)) return {3, 5};
  }
  if (IsApostrophe(At(text, i)) && IsLine(text, i + 1, U"tis")) return {2, 4};
  if (IsApostrophe(At(text, i)) && IsLine(text, i + 1, U"twas")) return {2, 5};
  return {};
}

Found FindClitic(const Text& text, size_t i) {
  size_t n = Clitic(text, i);
  if (n == 0 && IsNot(text, i)) n = 3;
  if (n == 0 || IsLatinLetter(At(text, i + n))) return {};
  return {n, n + 1};
}

Found FindApostrophe(const Text& text, size_t i) {
  const char32_t c = At(text, i);
  if (IsApostrophe(c)) {
    if (IsLine(text, i + 1, U"em")) return {3, 3};
    if (IsLine(text, i + 1, U"n")) {
      const size_t n = IsApostrophe(At(text, i + 2)) ? 3 : 2;
      return {n, n};
    }
    if (IsLine(text, i + 1, U"till")) return {5, 5};
    if (IsLine(text, i + 1, U"til")) return {4, 4};
    if (IsLine(text, i + 1, U"cause")) return {6, 6};
    if (Run(text, i + 1, IsDigit) == 2 && IsSpace(At(text, i + 3))) return {3, 4};
    if (At(text, i + 1) >= U'2' && At(text, i + 1) <= U'9' && IsLine(text, i + 2, U"0s"))
      return {4, 4};
    return {};
  }
  const size_t letters = Run(text, i, IsLetter);
  if (letters == 0 || !IsApostrophe(At(text, i + letters))) return {};
  const size_t behind = Run(text, i + letters + 1, IsLetter);
  const size_t whole = letters + 1 + behind;
  const bool name = letters == 1 && behind >= 2 && In(U"ABCDEFGHJKLMNOPQRSTUVWXZn", c);
  const bool vowels = letters >= 2 && behind >= 1 && In(U"aeiouyAEIOUY", text[i + letters - 1]) &&
                      (In(U"aeiou", text[i + letters + 1]) ||
                       (text[i + letters + 1] >= U'A' && text[i + letters + 1] <= U'Z'));
  if (name || vowels) return {whole, whole};
  if (letters == 2 && IsLine(text, i, U"ol")) return {3, 3};
  if (letters == 1 && In(U"lLdDjJ", c)) return {2, 2};
  if (letters == 1 && In(U"yY", c) && behind > 0) return {2, 3};
  if (letters == 1 && behind == 3 && IsLine(text, i, U"c") && IsLine(text, i + 2, U"mon"))
    return {5, 5};
  return {};
}

Found FindNumber(const Text& text, size_t i) {
  const size_t n = NumberLength(text, i, true);
  return {n, n};
}

Found FindDate(const Text& text, size_t i) {
  const size_t first = Run(text, i, IsDigit);
  if (first == 0 || first > 4) return {};
  if (At(text, i + first) != U'/') return {};
  const size_t second = Run(text, i + first + 1, IsDigit);
  if (second == 0 || second > 4) return {};
  size_t n = first + 1 + second;
  if (first <= 2 && second <= 2 && At(text, i + n) == U'/') {
    const size_t year = Run(text, i + n + 1, IsDigit);
    if (year >= 2 && year <= 4) n += 1 + year;
  }
  return {n, n};
}

Found FindHyphenated(const Text& text, size_t i) {
  size_t n = PartLength(text, i, true);
  if (n == 0) return {};
  while (IsHyphen(At(text, i + n))) {
    const size_t part = PartLength(text, i + n + 1, false);
    if (part == 0) break;
    n += 1 + part;
  }
  // With points inside the first part: U.S.-based.
  const auto dotted = [](char32_t c) { return IsPlain(c) || c == U'.' || c == U','; };
  const size_t first = IsPlain(At(text, i)) ? Run(text, i, dotted) : 0;
  size_t other = first;
  while (first > 0 && At(text, i + other) == U'-' && IsPlain(At(text, i + other + 1)))
    other += 1 + Run(text, i + other + 1, IsPlain);
  if (other > first) n = std::max(n, other);
  return {n, n};
}

Found FindSlashed(const Text& text, size_t i) {
  const auto part = [&](size_t at) {
    size_t n = Run(text, at, IsPlain);
    for (int k = 0; n > 0 && k < 2 && At(text, at + n) == U'-'; ++k) {
      const size_t letters = Run(text, at + n + 1, IsLatinLetter);
      if (letters == 0) break;
      n += 1 + letters;
    }
    return n;
  };
  size_t n = part(i);
  if (n == 0) return {};
  int slashes = 0;
  for (; slashes < 2 && At(text, i + n) == U'/'; ++slashes) {
    const size_t more = part(i + n + 1);
    if (more == 0) break;
    n += 1 + more;
  }
  return slashes > 0 ? Found{n, n} : Found{};
}

Found FindCapitals(const Text& text, size_t i) {
  const auto capital = [](char32_t c) { return c >= U'A' && c <= U'Z'; };
  size_t n = Run(text, i, capital), joined = 0;
  while (n > 0 && In(U"&+", At(text, i + n)) && capital(At(text, i + n + 1)) && ++joined > 0)
    n += 1 + Run(text, i + n + 1, capital);
  if (joined == 0 && n > 0 && At(text, i + n) == U'$') return {n + 1, n + 1};  // US$
  return joined > 0 ? Found{n, n} : Found{};
}

Found FindAbbreviation(const Text& text, size_t i) {
  const size_t letters = Run(text, i, IsLatinLetter);
  if (letters > 0 && At(text, i + letters) == U'.') {
    if (Has(kTitles, text, i, letters)) return {letters + 1, letters + 1};
    if (Has(kMidSentence, text, i, letters)) return {letters + 1, letters + 1};
    const size_t space = IsSpace(At(text, i + letters + 1)) ? 1 : 0;
    if (Has(kBeforeNumbers, text, i, letters) && IsAnyDigit(At(text, i + letters + 1 + space)))
      return {letters + 1, letters + 2 + space};
  }
  const size_t acronym = AcronymLength(text, i);
  if (acronym == 1 && EndsSentence(text, i + 2)) return {};
  if (acronym > 0 && At(text, i + acronym) == U'.') return {acronym + 1, acronym + 1};
  return {};
}

Found FindUrl(const Text& text, size_t i) {
  size_t n = 0;
  for (const View scheme : {View(U"http://"), View(U"https://")}) {
    if (IsLine(text, i, scheme)) n = scheme.size();
  }
  if (n > 0) {
    n += Run(text, i + n, IsUrlCharacter);
    while (n > 0 && In(U"'.!?,;:&[]-", text[i + n - 1])) --n;
    return {n, n};
  }
  const auto host = [](char32_t c) { return IsUrlCharacter(c) && !In(U"`'.!?,-_$/", c); };
  for (size_t part = Run(text, i, host); part > 0 && At(text, i + n + part) == U'.';
       part = Run(text, i + n, host)) {
    n += part + 1;
    for (const View top : {View(U"com"), View(U"net"), View(U"org"), View(U"edu")}) {
      if (!IsLine(text, i + n, top) || IsLatinLetter(At(text, i + n + 3))) continue;
      size_t end = n + 3;
      if (At(text, i + end) == U'/') {
        end += Run(text, i + end, IsUrlCharacter);
        while (In(U".!?,-", text[i + end - 1])) --end;
      }
      return {end, end};
    }
  }
  if (!IsLine(text, i, U"www.")) return {};
  n = Run(text, i, [](char32_t c) { return IsUrlCharacter(c) && !In(U"!?,/", c); });
  while (n > 4 && text[i + n - 1] == U'.') --n;
  return {n, n};
}

Found FindAddress(const Text& text, size_t i) {
  const auto local = [](char32_t c) { return IsUrlCharacter(c) && c != U'@'; };
  const auto name = [](char32_t c) { return IsPlain(c) || c == U'_'; };
  const size_t before = IsPlain(At(text, i)) ? Run(text, i, local) : 0;
  if (before > 0 && At(text, i + before) == U'@') {
    size_t n = before + 1 + Run(text, i + before + 1, IsUrlCharacter);
    while (n > 0 && In(U".@", text[i + n - 1])) --n;
    if (n > before) return {n, n};
  }
  const bool at = At(text, i) == U'@' && !IsDigit(At(text, i + 1));
  const bool tag = At(text, i) == U'#' && IsLatinLetter(At(text, i + 1));
  const size_t n = at || tag ? Run(text, i + 1, name) : 0;
  return n > 0 ? Found{n + 1, n + 1} : Found{};
}

Found FindRun(const Text& text, size_t i) {
  const char32_t c = At(text, i);
  const auto same = [&] {
    size_t n = 1;
    while (At(text, i + n) == c) ++n;
    return n;
  };
  if (c == U'?' || c == U'!') {
    const size_t n = Run(text, i, [](char32_t x) { return x == U'?' || x == U'!'; });
    return {n, n};
  }
  if (c == U'-' && Has(kBrackets, text, i, 5)) return {5, 5};
  if (c == U'<') {  // a tag without attributes
    size_t n = 1 + (At(text, i + 1) == U'/' ? 1 : 0);
    const size_t name = IsLatinLetter(At(text, i + n)) ? Run(text, i + n, IsPlain) : 0;
    n += name + (name > 0 && At(text, i + n + name) == U'/' ? 1 : 0);
    return name > 0 && At(text, i + n) == U'>' ? Found{n + 1, n + 1} : Found{};
  }
  if (!In(U".-*#@_`", c)) return {};
  const size_t n = c == U'`' ? std::min<size_t>(same(), 2) : same();
  return c == U'.' && n < 3 ? Found{} : Found{n, n};
}

}  // namespace eida::metrics
