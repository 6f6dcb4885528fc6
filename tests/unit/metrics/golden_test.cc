// The texts of tests/golden/metrics, as sacrebleu, the reference programs and a plain computation
// score and cut them (tests/parity/make_metrics.py).
#include <filesystem>

#include "common/base/json.h"
#include "gtest/gtest.h"
#include "worker/metrics/metric.h"
#include "worker/metrics/text/moses.h"
#include "worker/metrics/text/ptb.h"

namespace eida::metrics {
namespace {

Json Golden(const std::string& name) {
  const Result<Json> json =
      ReadJsonFile(std::string(EIDA_SOURCE_DIR) + "/tests/golden/metrics/" + name);
  EXPECT_TRUE(json.ok()) << json.status();
  return *json;
}

class GoldenTest : public testing::Test {
 protected:
  const Json texts_ = Golden("texts.json"), values_ = Golden("values.json");

  Texts Corpus(const std::string& name) const {
    return {texts_.at(name).at("hypotheses").get<std::vector<std::string>>(),
            texts_.at(name).at("references").get<std::vector<std::vector<std::string>>>()};
  }
  // Every text with what `values` has for it, hypotheses and references.
  template <class Check>
  void ForTexts(const std::string& values, const Check& check) const {
    int seen = 0;
    for (const auto& [name, of_corpus] : values_.at(values).items()) {
      const Texts corpus = Corpus(name);
      for (size_t i = 0; i < corpus.hypotheses.size(); ++i, ++seen) {
        check(corpus.hypotheses[i], of_corpus.at("hypotheses").at(i));
        size_t kept = 0;  // empty references are left out there
        for (const std::string& reference : corpus.references[i]) {
          if (!reference.empty()) check(reference, of_corpus.at("references").at(i).at(kept++));
        }
      }
    }
    EXPECT_GT(seen, 30);
  }
};

double Part(const Score& score, const std::string& name) {
  for (const auto& [part, value] : score.parts) {
    if (part == name) return value;
  }
  ADD_FAILURE() << "no part " << name;
  return 0;
}

TEST_F(GoldenTest, BleuIsSacrebleus) {
  for (const Json& wanted : values_.at("bleu")) {
    SCOPED_TRACE(wanted.at("corpus").dump() + " " + wanted.at("options").dump());
    const Score score = *MetricOf({"bleu", wanted.at("options")}, Corpus(wanted.at("corpus")));
    EXPECT_NEAR(score.value, wanted.at("value"), 1e-9);
    EXPECT_NEAR(Part(score, "brevity_penalty"), wanted.at("brevity_penalty"), 1e-12);
    EXPECT_EQ(Part(score, "length"), wanted.at("length"));
    EXPECT_EQ(Part(score, "reference_length"), wanted.at("reference_length"));
    for (int n = 0; n < 4; ++n) {
      EXPECT_NEAR(Part(score, "precision_" + std::to_string(n + 1)), wanted.at("precisions").at(n),
                  1e-9);
    }
    if (!wanted.at("options").contains("postprocess")) {
      EXPECT_EQ(score.signature.substr(0, score.signature.find("|eida")), wanted.at("signature"));
    }
  }
}

TEST_F(GoldenTest, TheE2eMetricsAreThePlainComputations) {
  for (const auto& [name, wanted] : values_.at("scores").items()) {
    for (const std::string metric : {"e2e_bleu", "e2e_nist", "rouge_l", "cider"}) {
      SCOPED_TRACE(name + " " + metric);
      const Score score = *MetricOf({metric}, Corpus(name));
      EXPECT_NEAR(score.value, wanted.at(metric), 1e-9);
      if (!wanted.contains(metric + "_items")) continue;
      for (size_t i = 0; i < score.items.size(); ++i)
        EXPECT_NEAR(score.items[i], wanted.at(metric + "_items").at(i), 1e-9) << "item " << i;
    }
  }
}

TEST_F(GoldenTest, CaptionsAreCutAsPtbTokenizerCutsThem) {
  ForTexts("captions", [](const std::string& text, const Json& words) {
    EXPECT_EQ(CaptionTokens(*Decode(text)), words.get<Tokens>()) << text;
  });
}

TEST_F(GoldenTest, RomanianIsPreparedAsTheMosesScriptsPrepareIt) {
  ForTexts("romanian", [](const std::string& text, const Json& line) {
    EXPECT_EQ(Encode(PostprocessRomanian(*Decode(text))), line.get<std::string>()) << text;
  });
}

}  // namespace
}  // namespace eida::metrics
