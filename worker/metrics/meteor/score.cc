#include <algorithm>
#include <cmath>

#include "worker/metrics/meteor/meteor.h"

namespace eida::metrics {
namespace {

void AddSide(MeteorCounts::Side& to, const MeteorCounts::Side& from) {
  to.words += from.words;
  to.function_words += from.function_words;
  for (int m = 0; m < kModules; ++m) {
    to.content[m] += from.content[m];
    to.function[m] += from.function[m];
  }
}

void CountMatch(MeteorCounts::Side& side, const std::string& word, Module module) {
  auto& kind = IsFunctionWord(word) ? side.function : side.content;
  ++kind[static_cast<int>(module)];
}

MeteorCounts::Side SideOf(const Tokens& words) {
  MeteorCounts::Side side;
  side.words = static_cast<int64_t>(words.size());
  side.function_words = std::count_if(words.begin(), words.end(), IsFunctionWord);
  return side;
}

// Matches over words, both weighed.
double Share(const MeteorCounts::Side& side, const MeteorParameters& parameters) {
  const double content = parameters.delta, function = 1 - parameters.delta;
  double matched = 0;
  for (int m = 0; m < kModules; ++m) {
    matched += parameters.weight[m] * (content * static_cast<double>(side.content[m]) +
                                       function * static_cast<double>(side.function[m]));
  }
  const double all = content * static_cast<double>(side.words - side.function_words) +
                     function * static_cast<double>(side.function_words);
  return all > 0 ? matched / all : 0;
}

}  // namespace

int64_t MeteorCounts::Side::Matches() const {
  int64_t matches = 0;
  for (int m = 0; m < kModules; ++m) matches += content[m] + function[m];
  return matches;
}

bool MeteorCounts::IsWhole() const {
  return ours.Matches() == ours.words && reference.Matches() == reference.words && chunks == 1;
}

void MeteorCounts::Add(const MeteorCounts& item) {
  AddSide(ours, item.ours);
  AddSide(reference, item.reference);
  if (!item.IsWhole()) chunks += item.chunks;
}

MeteorCounts CountsOf(const Tokens& ours, const Tokens& reference) {
  MeteorCounts counts;
  counts.ours = SideOf(ours);
  counts.reference = SideOf(reference);
  const std::vector<Match> matches = Align(ours, reference);
  int64_t next = -1;
  for (size_t j = 0; j < matches.size(); ++j) {
    const Match& match = matches[j];
    if (match.ours >= 0) {
      CountMatch(counts.ours, ours[match.ours], match.module);
      CountMatch(counts.reference, reference[j], match.module);
      counts.chunks += match.ours != next;
    }
    next = match.ours >= 0 ? match.ours + 1 : -1;
  }
  return counts;
}

MeteorScore ScoreOf(const MeteorCounts& counts, const MeteorParameters& parameters) {
  MeteorScore result;
  result.precision = Share(counts.ours, parameters);
  result.recall = Share(counts.reference, parameters);
  const int64_t matches = counts.ours.Matches();
  if (matches > 0 && !counts.IsWhole())
    result.fragmentation = static_cast<double>(counts.chunks) / static_cast<double>(matches);
  if (result.precision == 0 || result.recall == 0) return result;
  const double mean =
      1 / ((1 - parameters.alpha) / result.precision + parameters.alpha / result.recall);
  const double penalty = parameters.gamma * std::pow(result.fragmentation, parameters.beta);
  result.score = std::max(mean * (1 - penalty), 0.0);
  return result;
}

}  // namespace eida::metrics
