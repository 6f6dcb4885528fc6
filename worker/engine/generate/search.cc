#include "worker/engine/generate/search.h"

#include <algorithm>
#include <cmath>

namespace eida::engine {
namespace {

// What transformers gives to hypotheses that must not win: far below any sum of logs, and finite.
constexpr float kNoBeam = -1e9f;

template <class T>
void BestFirst(std::vector<T>& scored, size_t keep) {
  std::stable_sort(scored.begin(), scored.end(),
                   [](const T& a, const T& b) { return a.score > b.score; });
  if (scored.size() > keep) scored.erase(scored.begin() + static_cast<int64_t>(keep), scored.end());
}

}  // namespace

BeamSearch::BeamSearch(const GenerateOptions& options, std::vector<int64_t> prompt)
    : options_(options),
      prompt_(static_cast<int64_t>(prompt.size())),
      new_tokens_(options.NewTokens(prompt_)) {
  for (int64_t b = 0; b < options.num_beams; ++b) {
    running_.push_back({prompt, b == 0 ? 0.0f : kNoBeam, false});
    hypotheses_.push_back({prompt, kNoBeam, false});
  }
  done_ = new_tokens_ <= 0;
}

bool BeamSearch::IsEos(int64_t token) const {
  const auto& eos = options_.eos_token_id;
  return std::find(eos.begin(), eos.end(), token) != eos.end();
}

float BeamSearch::Penalty(int64_t new_tokens) const {
  return static_cast<float>(std::pow(static_cast<double>(new_tokens), options_.length_penalty));
}

// Enough that num_beams rows are left when all that can end do.
int64_t BeamSearch::wanted() const {
  if (options_.num_beams == 1) return 1;
  return std::max<int64_t>(2, 1 + static_cast<int64_t>(options_.eos_token_id.size())) *
         options_.num_beams;
}

std::optional<int64_t> BeamSearch::Forced() const {
  if (options_.forced_eos_token_id >= 0 && length() + 1 == prompt_ + new_tokens_)
    return options_.forced_eos_token_id;
  if (options_.forced_bos_token_id >= 0 && length() == 1) return options_.forced_bos_token_id;
  return std::nullopt;
}

std::vector<int64_t> BeamSearch::Banned(int64_t b) const {
  const std::vector<int64_t>& tokens = running_[b].tokens;
  std::vector<int64_t> banned;
  if (length() - prompt_ < options_.min_new_tokens) banned = options_.eos_token_id;
  const int64_t n = options_.no_repeat_ngram_size;
  for (int64_t i = 0; n > 0 && i + n <= length(); ++i) {
    if (std::equal(tokens.begin() + i, tokens.begin() + i + n - 1, tokens.end() - (n - 1)))
      banned.push_back(tokens[i + n - 1]);
  }
  return banned;
}

std::vector<BeamSearch::Candidate> BeamSearch::Candidates(
    const std::vector<std::vector<ScoredToken>>& best) const {
  const std::optional<int64_t> forced = Forced();
  const bool last = length() + 1 - prompt_ >= new_tokens_;
  std::vector<Candidate> all;
  for (int64_t b = 0; b < options_.num_beams; ++b) {
    if (forced) {
      all.push_back({b, *forced, running_[b].score, last || IsEos(*forced)});
      continue;
    }
    for (const ScoredToken& next : best[b])
      all.push_back({b, next.token, running_[b].score + next.score, last || IsEos(next.token)});
  }
  BestFirst(all, static_cast<size_t>(wanted()));
  return all;
}

BeamSearch::Beam BeamSearch::Extended(const Candidate& candidate) const {
  Beam beam{running_[candidate.from].tokens, candidate.score, false};
  beam.tokens.push_back(candidate.token);
  return beam;
}

bool BeamSearch::AllFinished() const {
  return std::all_of(hypotheses_.begin(), hypotheses_.end(),
                     [](const Beam& h) { return h.finished; });
}

// Only the first num_beams candidates can become results: the others are there to go on with.
void BeamSearch::Finish(const std::vector<Candidate>& candidates) {
  using Early = GenerateOptions::EarlyStopping;
  if (options_.early_stopping == Early::kTrue && AllFinished()) return;
  for (size_t i = 0; i < candidates.size() && i < running_.size(); ++i) {
    if (!candidates[i].stops) continue;
    Beam beam = Extended(candidates[i]);
    beam.score /= options_.num_beams == 1 ? 1 : Penalty(length() + 1 - prompt_);
    beam.finished = true;
    hypotheses_.push_back(std::move(beam));
  }
  BestFirst(hypotheses_, running_.size());
}

// Whether the best running hypothesis may still beat the worst result, by transformers' guess.
bool BeamSearch::CanImprove() const {
  const bool far = options_.early_stopping == GenerateOptions::EarlyStopping::kNever &&
                   options_.length_penalty > 0;
  const float best = running_[0].score / Penalty(far ? new_tokens_ : length() - prompt_);
  return std::any_of(hypotheses_.begin(), hypotheses_.end(),
                     [&](const Beam& h) { return best > (h.finished ? h.score : kNoBeam); });
}

BeamSearch::Move BeamSearch::Advance(const std::vector<std::vector<ScoredToken>>& best) {
  std::vector<Candidate> candidates = Candidates(best);
  Finish(candidates);
  const bool all_stop =
      std::all_of(candidates.begin(), candidates.end(), [](const Candidate& c) { return c.stops; });
  // What has stopped goes on only where nothing else can.
  for (Candidate& c : candidates) c.score += c.stops ? kNoBeam : 0;
  BestFirst(candidates, running_.size());
  Move move;
  std::vector<Beam> next;
  for (const Candidate& c : candidates) {
    next.push_back(Extended(c));
    move.from.push_back(c.from);
    move.token.push_back(c.token);
  }
  running_ = std::move(next);
  done_ = all_stop || !CanImprove() ||
          (options_.early_stopping == GenerateOptions::EarlyStopping::kTrue && AllFinished());
  return move;
}

Generated BeamSearch::Best() const {
  const Beam& best = hypotheses_[0].finished ? hypotheses_[0] : running_[0];
  return {{best.tokens.begin() + prompt_, best.tokens.end()}, best.score};
}

}  // namespace eida::engine
