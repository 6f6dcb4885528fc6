#include <algorithm>
#include <cstdlib>
#include <unordered_map>

#include "worker/metrics/meteor/meteor.h"

namespace eida::metrics {
namespace {

constexpr size_t kBeam = 40;

// A way to align the reference's words up to some place.
struct Path {
  std::vector<Match> matches;
  std::vector<bool> used;  // words of the hypothesis
  int64_t exact = 0, chunks = 0, distance = 0;
  int64_t next = -1;  // where in the hypothesis the open chunk would go on; -1: none is open

  void Take(size_t at, const Match& match) {
    matches[at] = match;
    used[match.ours] = true;
    exact += match.module == Module::kExact;
    if (next >= 0 && match.ours != next) ++chunks;
    next = match.ours + 1;
  }
  void AddDistance(size_t at, const Match& match) {
    distance += std::abs(match.ours - static_cast<int64_t>(at));
  }
  void Close() {
    if (next >= 0) ++chunks;
    next = -1;
  }
};

bool Better(const Path& a, const Path& b) {
  if (a.exact != b.exact) return a.exact > b.exact;
  if (a.chunks != b.chunks) return a.chunks < b.chunks;
  return a.distance < b.distance;
}

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
  Path start;
  start.matches.resize(reference.size());
  start.used.resize(ours.size());
  std::vector<Path> paths = {start};
  for (size_t j = 0; j < reference.size(); ++j) {
    std::vector<Path> next;
    for (Path& path : paths) {
      if (certain[j].ours >= 0) {
        path.Take(j, certain[j]);
        path.AddDistance(j, certain[j]);
      } else {
        for (const Match& match : candidates[j]) {
          if (path.used[match.ours]) continue;
          next.push_back(path);
          next.back().Take(j, match);
          path.AddDistance(j, match);  // as METEOR: to the path that goes on without the match
        }
        path.Close();
      }
      next.push_back(std::move(path));
    }
    std::stable_sort(next.begin(), next.end(), Better);
    if (next.size() > kBeam) next.resize(kBeam);
    paths = std::move(next);
  }
  for (Path& path : paths) path.Close();
  std::stable_sort(paths.begin(), paths.end(), Better);
  return paths.front().matches;
}

}  // namespace eida::metrics
