// What worker/metrics makes of texts, for the tests against other programs.
//
//   eida_scores REQUEST.json ANSWER.json
//
// REQUEST: {"scores": [{"hypotheses": [..], "references": [[..]], "metrics": ["bleu" or {"metric",
// ..options}], "meteor_jar": path, if its score is wanted last}], "words": [{"by": "13a" | "intl" |
// "char" | "none" | "mteval" | "ptb" | "caption" | "meteor" | "romanian" | "stem", "texts":
// [..]}]}. ANSWER: {"scores": [[{"metric", "value", "parts", "items", "signature"}] or {"error"}],
// "words": [[[word]]]}.
#include <cstdio>
#include <map>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "worker/metrics/meteor/meteor.h"
#include "worker/metrics/metric.h"
#include "worker/metrics/text/moses.h"
#include "worker/metrics/text/mteval.h"
#include "worker/metrics/text/ptb.h"
#include "worker/metrics/text/sacrebleu.h"

namespace eida {
namespace {

using metrics::Text;
using metrics::Tokens;

Tokens WordsBy(const std::string& by, const Text& text) {
  static const std::map<std::string, metrics::Tokenizer> tokenizers = {
      {"13a", metrics::Tokenizer::k13a},
      {"intl", metrics::Tokenizer::kIntl},
      {"char", metrics::Tokenizer::kChar},
      {"none", metrics::Tokenizer::kNone}};
  if (by == "mteval") return metrics::MtevalTokens(text);
  if (by == "ptb") return metrics::PtbTokens(text);
  if (by == "caption") return metrics::CaptionTokens(text);
  if (by == "meteor") return metrics::MeteorTokens(metrics::CaptionTokens(text));
  if (by == "romanian") return {metrics::Encode(metrics::PostprocessRomanian(text))};
  if (by == "stem") return {metrics::Stem(metrics::Encode(text))};
  return metrics::Tokenize(text, tokenizers.at(by));
}

Result<Json> ScoresOf(const Json& asked) {
  metrics::Texts texts;
  asked.at("hypotheses").get_to(texts.hypotheses);
  asked.at("references").get_to(texts.references);
  std::vector<metrics::Wanted> wanted;
  for (const Json& metric : asked.at("metrics")) {
    EIDA_ASSIGN_OR_RETURN(metrics::Wanted each, metrics::ReadWanted(metric));
    wanted.push_back(std::move(each));
  }
  EIDA_ASSIGN_OR_RETURN(auto scores, metrics::MetricsOf(wanted, texts));
  Json answer = Json::array();
  for (const metrics::Score& score : scores) {
    Json parts = Json::object();
    for (const auto& [name, value] : score.parts) parts[name] = value;
    answer.push_back({{"metric", score.metric},
                      {"value", score.value},
                      {"parts", parts},
                      {"items", score.items},
                      {"signature", score.signature}});
  }
  return answer;
}

Status Answer(const std::string& request_path, const std::string& answer_path) {
  EIDA_ASSIGN_OR_RETURN(const Json request, ReadJsonFile(request_path));
  Json answer = {{"scores", Json::array()}, {"words", Json::array()}};
  for (const Json& asked : request.value("scores", Json::array())) {
    const Result<Json> scores = ScoresOf(asked);
    answer["scores"].push_back(scores.ok() ? *scores : Json{{"error", Message(scores.status())}});
  }
  for (const Json& asked : request.value("words", Json::array())) {
    Json all = Json::array();
    for (const auto& utf8 : asked.at("texts").get<std::vector<std::string>>()) {
      EIDA_ASSIGN_OR_RETURN(const Text text, metrics::Decode(utf8));
      all.push_back(WordsBy(asked.at("by").get<std::string>(), text));
    }
    answer["words"].push_back(std::move(all));
  }
  return WriteFileAtomic(answer_path, answer.dump());
}

}  // namespace
}  // namespace eida

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: eida_scores REQUEST.json ANSWER.json\n");
    return 2;
  }
  const eida::Status status = eida::Answer(argv[1], argv[2]);
  if (!status.ok()) std::fprintf(stderr, "eida_scores: error: %s\n", eida::Message(status).c_str());
  return status.ok() ? 0 : 1;
}
