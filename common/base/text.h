// Small text helpers that more than one room needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace eida {

std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view Trim(std::string_view text);
// Levenshtein distance with adjacent transpositions.
size_t EditDistance(std::string_view a, std::string_view b);
// The candidate nearest to `word`, or "" when none is near enough to be what was meant.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);
// "; did you mean \"..\"?" with the candidate nearest to `word`, or "" when none is near: the end
// of a message about a word that is not known.
std::string Meant(std::string_view word, const std::vector<std::string>& candidates);
// Shell-style * and ?.
bool GlobMatch(std::string_view pattern, std::string_view text);
// 12.3 MiB; bytes below 1 KiB as "n B".
std::string FormatBytes(int64_t bytes);
// Shortest decimal text that reads back as the same double.
std::string FormatDouble(double value);
// For the text and the attributes of a page; control characters become U+FFFD.
std::string HtmlEscape(const std::string& text);
// The first `n` bytes, cut at a UTF-8 boundary, with "…" when anything was cut.
std::string Ellipsis(const std::string& text, size_t n);

}  // namespace eida
