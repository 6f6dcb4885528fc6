// Greedy and beam search over log probabilities, as transformers' generate. Knows no model.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "worker/engine/generate/options.h"

namespace eida::engine {

struct ScoredToken {
  int64_t token;
  float score;  // log probability
};

struct Generated {
  std::vector<int64_t> tokens;  // without the prompt; the end token is among them if there was one
  float score = 0;  // sum of logs / length^length_penalty; a greedy text's is not divided
};

// One item's search. Its rows are hypotheses, best first: num_beams of them, from the first step
// on.
class BeamSearch {
 public:
  BeamSearch(const GenerateOptions& options, std::vector<int64_t> prompt);

  bool done() const { return done_; }
  // How many of a row's most probable tokens Advance looks at.
  int64_t wanted() const;
  // The one token that comes next in every row, where it is fixed: no model is asked.
  std::optional<int64_t> Forced() const;
  // Tokens that row b may not have next. They stay in the sum that makes log probabilities of
  // logits.
  std::vector<int64_t> Banned(int64_t b) const;

  struct Move {
    std::vector<int64_t> from;   // row b becomes what row from[b] was
    std::vector<int64_t> token;  // and has this token behind it
  };
  // best[b]: row b's most probable tokens, wanted() of them or all; banned ones have -infinity.
  // Looked at only when no token is forced. REQUIRES: !done().
  Move Advance(const std::vector<std::vector<ScoredToken>>& best);
  // When it is done.
  Generated Best() const;

 private:
  struct Beam {
    std::vector<int64_t> tokens;  // with the prompt
    float score = 0;
    bool finished = false;
  };
  struct Candidate {
    int64_t from, token;
    float score;
    bool stops;
  };
  int64_t length() const { return static_cast<int64_t>(running_[0].tokens.size()); }
  bool IsEos(int64_t token) const;
  float Penalty(int64_t new_tokens) const;
  std::vector<Candidate> Candidates(const std::vector<std::vector<ScoredToken>>& best) const;
  Beam Extended(const Candidate& candidate) const;
  void Finish(const std::vector<Candidate>& candidates);
  bool CanImprove() const;
  bool AllFinished() const;

  const GenerateOptions options_;
  const int64_t prompt_, new_tokens_;
  std::vector<Beam> running_, hypotheses_;
  bool done_ = false;
};

}  // namespace eida::engine
