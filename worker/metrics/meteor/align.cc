#include <algorithm>
#include <cstdlib>
#include <unordered_map>

#include "worker/metrics/meteor/meteor.h"

namespace eida::metrics {
namespace {

constexpr size_t kBeam = 40;

// How good the matches so far are.
struct Standing {
  int64_t exact = 0, chunks = 0, distance = 0;
  int64_t next = -1;  // where in the hypothesis the open chunk would go on; -1: none is open

  void Take(const Match& match) {
    exact += match.module == Module::kExact;
    if (next >= 0 && match.ours != next) ++chunks;
    next = match.ours + 1;
  }
  void Close() {
    if (next >= 0) ++chunks;
    next = -1;
  }
};

bool Better(const Standing& a, const Standing& b) {
  if (a.exact != b.exact) return a.exact > b.exact;
  if (a.chunks != b.chunks) return a.chunks < b.chunks;
  return a.distance < b.distance;
}

// A way to align the reference's words up to some place.
struct Path : Standing {
  std::vector<Match> matches;
  std::vector<bool> used;  // words of the hypothesis
};

// A path and its next match, or none.
struct Step : Standing {
  size_t path;
  Match match;
};

// All matches by position in the reference, equal words before equal stems.
using Candidates = std::vector<std::vector<Match>>;

Candidates CandidatesOf(const Tokens& ours, const Tokens& reference) {
  Candidates candidates(reference.size());
  std::unordered_map<std::string, std::vector<int64_t>> words, stems;
  for (size_t i = 0; i < ours.size(); ++i) words[ours[i]].push_back(static_cast<int64_t>(i));
  for (size_t j = 0; j < reference.size(); ++j) {
    for (const int64_t i : words[reference[j]]) candidates[j].push_back({i, Module::kExact});
  }
  if (ours == reference) return candidates;
  for (size_t i = 0; i < ours.size(); ++i) stems[Stem(ours[i])].push_back(static_cast<int64_t>(i));
  for (size_t j = 0; j < reference.size(); ++j) {
    for (const int64_t i : stems[Stem(reference[j])]) {
      if (ours[i] != reference[j]) candidates[j].push_back({i, Module::kStem});
    }
  }
  return candidates;
}

// The matches between words that have no other; nothing has to be searched for them.
std::vector<Match> Certain(const Candidates& candidates, size_t ours) {
  std::vector<int> met(ours);
  for (const auto& of_word : candidates) {
    for (const Match& match : of_word) ++met[match.ours];
  }
  std::vector<Match> certain(candidates.size());
  for (size_t j = 0; j < candidates.size(); ++j) {
    if (candidates[j].size() == 1 && met[candidates[j][0].ours] == 1) certain[j] = candidates[j][0];
  }
  return certain;
}

}  // namespace

std::vector<Match> Align(const Tokens& ours, const Tokens& reference) {
  const Candidates candidates = CandidatesOf(ours, reference);
  const std::vector<Match> certain = Certain(candidates, ours.size());
  std::vector<Path> paths(1);
  paths[0].used.resize(ours.size());
  for (size_t j = 0; j < reference.size(); ++j) {
    std::vector<Step> steps;
    for (size_t p = 0; p < paths.size(); ++p) {
      Standing without = paths[p];
      const auto take = [&](const Match& match) {
        steps.push_back({without, p, match});
        steps.back().Take(match);
        // As METEOR has it: the distance counts for the path that goes on without the match.
        without.distance += std::abs(match.ours - static_cast<int64_t>(j));
      };
      if (certain[j].ours >= 0) {
        take(certain[j]);
        steps.back().distance = without.distance;  // here there is no other path
        continue;
      }
      for (const Match& match : candidates[j]) {
        if (!paths[p].used[match.ours]) take(match);
      }
      without.Close();
      steps.push_back({without, p, Match()});
    }
    std::stable_sort(steps.begin(), steps.end(), Better);
    if (steps.size() > kBeam) steps.resize(kBeam);
    std::vector<Path> next;
    for (const Step& step : steps) {
      next.push_back(paths[step.path]);
      static_cast<Standing&>(next.back()) = step;
      next.back().matches.push_back(step.match);
      if (step.match.ours >= 0) next.back().used[step.match.ours] = true;
    }
    paths = std::move(next);
  }
  for (Path& path : paths) path.Close();
  return std::min_element(paths.begin(), paths.end(), Better)->matches;
}

}  // namespace eida::metrics
