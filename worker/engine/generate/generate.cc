#include "worker/engine/generate/generate.h"

#include <torch/torch.h>

#include <algorithm>

#include "worker/engine/generate/top_tokens.h"
#include "worker/engine/models/decode.h"
#include "worker/engine/nn/vocabulary.h"

namespace eida::engine {
namespace {

Status CheckPrompts(const Model& model, const Prompts& prompts, const GenerateOptions& options) {
  const TokenIds& own = prompts.own();
  const std::string limit = " and the model takes " + std::to_string(model.max_length());
  for (int64_t i = 0; i < own.size(); ++i) {
    const std::string item = "generation: prompt " + std::to_string(i);
    const int64_t length = own.starts[i + 1] - own.starts[i], more = options.NewTokens(length);
    if (length == 0) return ConfigError(item + " has no tokens");
    if (more < 1) {
      return ConfigError(item + " has " + std::to_string(length) + " tokens, so max_length " +
                         std::to_string(options.max_length) + " leaves no room for new ones");
    }
    // The last token is not read any more.
    if (length + more - 1 > model.max_length()) {
      return ConfigError(item + " has " + std::to_string(length) + " tokens, with up to " +
                         std::to_string(more) + " new ones" + limit +
                         ": lower max_new_tokens or max_length");
    }
    const int64_t read = prompts.tokens.starts[i + 1] - prompts.tokens.starts[i];
    if (read > model.max_length())
      return ConfigError(item + " reads " + std::to_string(read) + " tokens" + limit);
  }
  std::vector<std::pair<const char*, int64_t>> tokens = {
      {"forced_bos_token_id", options.forced_bos_token_id},
      {"forced_eos_token_id", options.forced_eos_token_id}};
  for (const int64_t token : options.eos_token_id) tokens.emplace_back("eos_token_id", token);
  for (const auto& [key, token] : tokens) {
    if (token >= model.vocabulary()) {
      return ConfigError("generation: " + std::string(key) + " is " + std::to_string(token) +
                         " and the model has " + std::to_string(model.vocabulary()) + " tokens");
    }
  }
  return OkStatus();
}

// Items that are searched together: one pass a step over the rows of all that are not done.
class Together {
 public:
  Together(const Base& base, const Weights& weights, const Examples& prompts,
           const GenerateSettings& settings)
      : base_(base),
        tensors_{&weights, &base.weights},
        prompts_(prompts),
        settings_(settings),
        context_(settings.compute) {
    context_.SetFrozen(&base.weights, &base.casts);
  }

  void Begin(const std::vector<int64_t>& which) {
    const TokenSpans& own = prompts_.predicted();
    searches_.clear();
    for (const int64_t item : which) {
      searches_.push_back(
          {item, 1,
           BeamSearch(settings_.options, {own.ids.begin() + own.starts[item],
                                          own.ids.begin() + own.starts[item + 1]})});
    }
    const Batch batch = MakeBatch(prompts_, which, base_.device);
    states_ = base_.model->Begin(tensors_, batch, context_, state_);
  }
  bool done() const { return searches_.empty(); }

  // One more token of every row. What is done goes to `results` and leaves.
  Status Step(std::vector<Generated>& results) {
    EIDA_ASSIGN_OR_RETURN(const auto best, MostProbable());
    std::vector<int64_t> from, tokens;
    std::vector<Search> left;
    int64_t first = 0;  // row of the search
    for (Search& s : searches_) {
      const BeamSearch::Move move = s.beams.Advance(RowsOf(s, first, best));
      if (s.beams.done()) {
        results[s.item] = s.beams.Best();
      } else {
        for (const int64_t row : move.from) from.push_back(first + (s.rows == 1 ? 0 : row));
        tokens.insert(tokens.end(), move.token.begin(), move.token.end());
        left.push_back({s.item, settings_.options.num_beams, std::move(s.beams)});
      }
      first += s.rows;
    }
    searches_ = std::move(left);
    if (done()) return OkStatus();
    state_.Reorder(from);
    const at::Tensor ids = torch::tensor(tokens, at::kLong).to(base_.device);
    states_ = base_.model->Step(tensors_, ids, context_, state_);
    return OkStatus();
  }

 private:
  struct Search {
    int64_t item, rows;  // one row until the first step: all beams begin alike
    BeamSearch beams;
  };
  using Best = std::vector<std::vector<ScoredToken>>;

  // Of every row; empty when the next token is forced in all.
  Result<Best> MostProbable() {
    Best best;
    if (std::all_of(searches_.begin(), searches_.end(),
                    [](const Search& s) { return s.beams.Forced().has_value(); }))
      return best;
    std::vector<std::vector<int64_t>> banned;
    for (const Search& s : searches_) {
      for (int64_t b = 0; b < s.rows; ++b) banned.push_back(s.beams.Banned(b));
    }
    const Projection output = base_.model->Output(tensors_);
    const at::Tensor bias =
        output.bias.defined() ? context_.Cast(output.bias).flatten() : at::Tensor();
    bool finite = true;
    nn::ForLogits(states_, context_.Cast(output.weight), bias, [&](int64_t begin, at::Tensor z) {
      Best some = TopTokens(z, {banned.begin() + begin, banned.begin() + begin + z.size(0)},
                            searches_.front().beams.wanted());
      finite = finite && !some.empty();
      std::move(some.begin(), some.end(), std::back_inserter(best));
    });
    if (!finite) return NonfiniteError("a logit is not finite: the weights have diverged");
    return best;
  }

  Best RowsOf(const Search& s, int64_t first, const Best& best) const {
    if (best.empty()) return {};
    if (s.rows == 1) return Best(static_cast<size_t>(settings_.options.num_beams), best[first]);
    return {best.begin() + first, best.begin() + first + s.rows};
  }

  const Base& base_;
  const Tensors tensors_;
  const Examples& prompts_;
  const GenerateSettings& settings_;
  Context context_;
  DecodeState state_;
  at::Tensor states_;
  std::vector<Search> searches_;
};

}  // namespace

Result<std::vector<Generated>> Generate(const Base& base, const Weights& weights,
                                        const Prompts& prompts, const GenerateSettings& settings,
                                        const std::function<bool(int64_t)>& go_on) {
  EIDA_RETURN_IF_ERROR(CheckPrompts(*base.model, prompts, settings.options));
  const at::NoGradGuard no_grad;
  EncodedRows rows;
  rows.tokens = prompts.tokens;
  rows.decoder = prompts.decoder;
  const Examples items(rows);
  const int64_t n = items.tokens.size();
  std::vector<Generated> results(static_cast<size_t>(n));
  Together together(base, weights, items, settings);
  for (int64_t begin = 0; begin < n; begin += settings.batch_size) {
    std::vector<int64_t> which;
    for (int64_t i = begin; i < std::min(n, begin + settings.batch_size); ++i) which.push_back(i);
    together.Begin(which);
    while (!together.done()) {
      if (!go_on(begin)) return Preempted();
      EIDA_RETURN_IF_ERROR(together.Step(results));
    }
  }
  go_on(n);
  return results;
}

}  // namespace eida::engine
