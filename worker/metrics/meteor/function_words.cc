#include <algorithm>
#include <array>
#include <string_view>

#include "worker/metrics/meteor/meteor.h"

namespace eida::metrics {
namespace {

// Keep sorted.
constexpr auto kWords = std::to_array<std::string_view>({
    "'",     "'d",   "'ll",   "'m",    "'re",    "'s",   "'ve",   ",",    ".",     "a",    "about",
    "after", "all",  "also",  "am",    "an",     "and",  "are",   "as",   "at",    "be",   "been",
    "but",   "by",   "can",   "could", "d",      "did",  "do",    "does", "for",   "from", "had",
    "has",   "have", "he",    "her",   "his",    "i",    "if",    "in",   "into",  "is",   "it",
    "its",   "ll",   "m",     "may",   "more",   "n",    "no",    "not",  "of",    "on",   "or",
    "our",   "re",   "s",     "she",   "should", "so",   "some",  "t",    "than",  "that", "the",
    "their", "them", "there", "these", "they",   "this", "those", "to",   "up",    "ve",   "was",
    "we",    "were", "what",  "when",  "which",  "who",  "will",  "with", "would", "you",  "your",
});
static_assert(std::is_sorted(kWords.begin(), kWords.end()));

}  // namespace

bool IsFunctionWord(const std::string& word) {
  return std::binary_search(kWords.begin(), kWords.end(), std::string_view(word));
}

}  // namespace eida::metrics
