#include "worker/metrics/text/rewrite.h"

#include <algorithm>

namespace eida::metrics {
namespace {

bool At(const Text& text, size_t i, std::u32string_view part) {
  return text.compare(i, part.size(), part) == 0;
}

}  // namespace

void Replace(Text& text, std::u32string_view from, std::u32string_view to) {
  size_t found = text.find(from);
  if (found == Text::npos) return;
  Text out;
  size_t begin = 0;
  for (; found != Text::npos; found = text.find(from, begin)) {
    out.append(text, begin, found - begin).append(to);
    begin = found + from.size();
  }
  text = std::move(out.append(text, begin));
}

void ReplaceAll(Text& text,
                std::initializer_list<std::pair<std::u32string_view, std::u32string_view>> rules) {
  for (const auto& [from, to] : rules) Replace(text, from, to);
}

void Squeeze(Text& text) {
  const auto both = [](char32_t a, char32_t b) { return a == U' ' && b == U' '; };
  text.erase(std::unique(text.begin(), text.end(), both), text.end());
}

void TrimOne(Text& text) {
  if (!text.empty() && text.front() == U' ') text.erase(0, 1);
  if (!text.empty() && text.back() == U' ') text.pop_back();
}

void SpaceAround(Text& text, Is is) {
  Text out;
  out.reserve(text.size() + 16);
  for (const char32_t c : text) {
    if (is(c)) {
      out.append({U' ', c, U' '});
    } else {
      out.push_back(c);
    }
  }
  text = std::move(out);
}

void SpacePairs(Text& text, Is first, Is second, Spaces spaces) {
  Text out;
  out.reserve(text.size() + 16);
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 >= text.size() || !first(text[i]) || !second(text[i + 1])) {
      out.push_back(text[i]);
      continue;
    }
    if (spaces.before) out.push_back(U' ');
    out.push_back(text[i]);
    if (spaces.between) out.push_back(U' ');
    out.push_back(text[++i]);
    if (spaces.behind) out.push_back(U' ');
  }
  text = std::move(out);
}

void ReplaceBetween(Text& text, Is first, std::u32string_view middle, Is last,
                    std::u32string_view to) {
  if (text.find(middle) == Text::npos) return;
  Text out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t behind = i + 1 + middle.size();
    out.push_back(text[i]);
    if (behind >= text.size() || !At(text, i + 1, middle) || !first(text[i]) || !last(text[behind]))
      continue;
    out.append(to).push_back(text[behind]);
    i = behind;
  }
  text = std::move(out);
}

}  // namespace eida::metrics
