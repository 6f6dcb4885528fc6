// Corpus BLEU as sacrebleu 2 gives it, 0 to 100; effective order off.
#include "worker/metrics/bleu.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "worker/metrics/text/moses.h"
#include "worker/metrics/text/sacrebleu.h"

namespace eida::metrics {
namespace {

enum class Smooth { kExp, kFloor, kAddK, kNone };

struct BleuOptions {
  std::string tokenizer_name = "13a", smooth_name = "exp";
  Tokenizer tokenizer = Tokenizer::k13a;
  Smooth smooth = Smooth::kExp;
  double smooth_value = 0;  // what floor gives instead of no match; what add-k adds
  bool lowercase = false, romanian = false;
};

Result<BleuOptions> ReadOptions(const Json& json) {
  static const std::map<std::string, Tokenizer> tokenizers = {{"13a", Tokenizer::k13a},
                                                              {"intl", Tokenizer::kIntl},
                                                              {"char", Tokenizer::kChar},
                                                              {"none", Tokenizer::kNone}};
  static const std::map<std::string, std::pair<Smooth, double>> smooths = {
      {"exp", {Smooth::kExp, 0}},
      {"floor", {Smooth::kFloor, 0.1}},
      {"add-k", {Smooth::kAddK, 1}},
      {"none", {Smooth::kNone, 0}}};
  BleuOptions options;
  options.tokenizer_name = GetOr<std::string>(json, "tokenize", "13a");
  options.tokenizer = tokenizers.at(options.tokenizer_name);
  options.smooth_name = GetOr<std::string>(json, "smooth", "exp");
  std::tie(options.smooth, options.smooth_value) = smooths.at(options.smooth_name);
  if (json.contains("smooth_value")) {
    if (options.smooth_value == 0)
      return InvalidArgument("smooth_value is of smooth: floor and add-k; smooth is " +
                             options.smooth_name);
    options.smooth_value = json.at("smooth_value").get<double>();
    if (!(options.smooth_value >= 0)) return InvalidArgument("smooth_value is negative");
  }
  options.lowercase = GetOr<bool>(json, "lowercase", false);
  options.romanian = GetOr<std::string>(json, "postprocess", "none") == "romanian";
  return options;
}

std::string SignatureOf(const Corpus& corpus, const BleuOptions& options) {
  char value[32] = "";
  if (options.smooth == Smooth::kFloor || options.smooth == Smooth::kAddK)
    std::snprintf(value, sizeof(value), "[%.2f]", options.smooth_value);
  return "nrefs:" + NumberOfReferences(corpus) + "|case:" + (options.lowercase ? "lc" : "mixed") +
         "|eff:no|tok:" + options.tokenizer_name + "|smooth:" + options.smooth_name + value +
         (options.romanian ? "|post:romanian" : "") + "|eida:" EIDA_VERSION;
}

// In percent; 0 where an order has no n-gram, or no match and no smoothing.
std::array<double, 4> PrecisionsOf(const BleuCounts& counts, const BleuOptions& options) {
  std::array<double, 4> precisions{};
  if (std::all_of(counts.matched.begin(), counts.matched.end(), [](int64_t n) { return n == 0; }))
    return precisions;
  double halved = 1;
  for (int n = 0; n < BleuCounts::kOrder; ++n) {
    const double add = options.smooth == Smooth::kAddK && n > 0 ? options.smooth_value : 0;
    const double matched = static_cast<double>(counts.matched[n]) + add;
    const double total = static_cast<double>(counts.total[n]) + add;
    if (total == 0) break;
    if (matched > 0) {
      precisions[n] = 100 * matched / total;
    } else if (options.smooth == Smooth::kExp) {
      precisions[n] = 100 / ((halved *= 2) * total);
    } else if (options.smooth == Smooth::kFloor) {
      precisions[n] = 100 * options.smooth_value / total;
    }
  }
  return precisions;
}

}  // namespace

Result<Score> Metric_bleu(const Corpus& corpus, const Json& json) {
  EIDA_ASSIGN_OR_RETURN(const BleuOptions options, ReadOptions(json));
  const auto tokenize = [&](const Text& text) {
    Text used = options.romanian ? PostprocessRomanian(text) : text;
    return Tokenize(options.lowercase ? Lower(used) : std::move(used), options.tokenizer);
  };
  Ngrams ngrams(BleuCounts::kOrder);
  BleuCounts counts;
  for (size_t i = 0; i < corpus.size(); ++i) counts.Add(ngrams, WordsOf(corpus, i, tokenize));

  const auto precisions = PrecisionsOf(counts, options);
  double logs = 0;
  for (const double precision : precisions) logs += std::log(precision);  // of 0: minus infinity
  Score score;
  score.value = counts.BrevityPenalty() * std::exp(logs / BleuCounts::kOrder);
  score.signature = SignatureOf(corpus, options);
  AddParts(score, counts, precisions);
  return score;
}

}  // namespace eida::metrics
