// What every line of common/catalog/generation_metrics.def must hold, whatever it measures.
#include <algorithm>
#include <cmath>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/catalog/catalog.h"
#include "gtest/gtest.h"
#include "worker/metrics/metric.h"

namespace eida::metrics {
namespace {

const Texts kTexts = {
    {"the old bridge is closed until late autumn", "a cat sleeps on the warm stone wall",
     "nobody expected rain at the market today", "their boat leaves the small harbour at six"},
    {{"the old bridge stays closed until autumn", "until late autumn the bridge is closed"},
     {"a cat is asleep on the warm wall"},
     {"nobody thought it would rain at the market", "rain at the market was a surprise",
      "today the market was wet"},
     {"at six their boat leaves the harbour"}}};

Texts Identity() {
  Texts texts = kTexts;
  for (size_t i = 0; i < texts.hypotheses.size(); ++i) texts.references[i] = {texts.hypotheses[i]};
  return texts;
}

// Stands in for METEOR's program: it speaks its protocol, and its value is the F of equal words.
constexpr char kStandIn[] = R"(#!/usr/bin/env python3
import sys
from collections import Counter

def f(matched, own, reference):
    return 2 * matched / (own + reference) if matched else 0.0

for line in sys.stdin:
    kind, *fields = [field.strip() for field in line.split("|||")]
    if kind == "SCORE":
        own = fields[-1].split()
        counts = [(sum((Counter(own) & Counter(r.split())).values()), len(own), len(r.split())) for r in fields[:-1]]
        print(*max(counts, key=lambda c: f(*c)))
    else:
        counts = [tuple(map(float, field.split())) for field in fields]
        for c in counts + [tuple(map(sum, zip(*counts)))]:
            print(repr(f(*c)))
)";

class MetricTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteFileAtomic(scratch_.path() + "/java", kStandIn, 0755).ok());
    ASSERT_TRUE(WriteFileAtomic(scratch_.path() + "/jar", "").ok());
    setenv("EIDA_METEOR_JAR", (scratch_.path() + "/jar").c_str(), 1);
    setenv("EIDA_JAVA", (scratch_.path() + "/java").c_str(), 1);
  }
  void TearDown() override { unsetenv("EIDA_METEOR_JAR"), unsetenv("EIDA_JAVA"); }
  // With the options that it must have.
  static Wanted Asked() {
    Wanted wanted{GetParam()};
    for (const auto& p : catalog::Find(catalog::GenerationMetrics(), GetParam())->parameters) {
      if (p.required) wanted.options[p.name] = DigestOf("").str();
    }
    return wanted;
  }
  Score Of(const Texts& texts) {
    const Result<Score> score = MetricOf(Asked(), texts);
    EXPECT_TRUE(score.ok()) << score.status();
    return score.ok() ? *score : Score();
  }
  std::string ErrorOf(const Texts& texts) { return Message(MetricOf(Asked(), texts).status()); }
  double largest() const {
    return catalog::Find(catalog::GenerationMetrics(), GetParam())->largest;
  }
  TempDir scratch_{"eida-metric-test"};
};
INSTANTIATE_TEST_SUITE_P(Every, MetricTest, testing::ValuesIn(MetricNames()),
                         [](const auto& info) { return info.param; });

TEST_P(MetricTest, TextsThatAreTheirReferenceHaveTheLargestValue) {
  const Score same = Of(Identity()), other = Of(kTexts);
  if (largest() > 0) {
    EXPECT_NEAR(same.value, largest(), 1e-9);
  }
  EXPECT_GT(same.value, other.value);
  EXPECT_GT(other.value, 0);
}

TEST_P(MetricTest, TheOrderOfItemsAndOfReferencesDoesNotMatter) {
  Texts turned = kTexts;
  std::reverse(turned.hypotheses.begin(), turned.hypotheses.end());
  std::reverse(turned.references.begin(), turned.references.end());
  for (auto& references : turned.references) std::reverse(references.begin(), references.end());
  EXPECT_NEAR(Of(turned).value, Of(kTexts).value, 1e-12);
}

TEST_P(MetricTest, ACorpusTwiceHasTheValueThatItHasOnce) {
  // CIDEr weighs an n-gram that no reference has by the number of items.
  const Texts once = GetParam() == "cider" ? Identity() : kTexts;
  Texts twice = once;
  for (size_t i = 0; i < once.hypotheses.size(); ++i) {
    twice.hypotheses.push_back(once.hypotheses[i]);
    twice.references.push_back(once.references[i]);
  }
  EXPECT_NEAR(Of(twice).value, Of(once).value, 1e-12);
}

TEST_P(MetricTest, AnotherReferenceNeverMakesATextWorseThanNone) {
  Texts texts = kTexts;
  for (size_t i = 0; i < texts.hypotheses.size(); ++i)
    texts.references[i].push_back(texts.hypotheses[i]);
  EXPECT_GT(Of(texts).value, Of(kTexts).value);
}

TEST_P(MetricTest, OneWordTextsHaveAValue) {
  for (const Texts& texts : {Texts{{"yes"}, {{"yes"}}}, Texts{{"yes"}, {{"no"}}},
                             Texts{{"yes", "no"}, {{"no", "yes"}, {"perhaps"}}}}) {
    const double value = Of(texts).value;
    EXPECT_TRUE(std::isfinite(value)) << value;
    EXPECT_GE(value, 0);
  }
}

TEST_P(MetricTest, EmptyTextsHaveAValueAndEmptyReferencesAreNone) {
  EXPECT_EQ(Of({{"", ""}, {{"a word"}, {"another"}}}).value, 0);
  Texts texts = kTexts;
  for (auto& references : texts.references) references.insert(references.begin(), "");
  EXPECT_EQ(Of(texts).value, Of(kTexts).value);
  EXPECT_TRUE(std::isfinite(Of({{".", "?"}, {{"."}, {"! a"}}}).value));
}

TEST_P(MetricTest, ItemsOfAMetricThatHasThemAreOneEach) {
  const Score score = Of(kTexts);
  if (!score.items.empty()) {
    EXPECT_EQ(score.items.size(), kTexts.hypotheses.size());
  }
  EXPECT_EQ(score.metric, GetParam());
  EXPECT_EQ(score.signature.substr(0, 9), "nrefs:var");
}

TEST_P(MetricTest, ErrorsNameTheItem) {
  EXPECT_EQ(ErrorOf({{}, {}}), "no texts to score: a metric of a corpus needs an item");
  EXPECT_EQ(ErrorOf({{"a", "b"}, {{"a"}}}),
            "2 texts to score and references for 1 items: from item 1 on one of them is missing");
  EXPECT_EQ(ErrorOf({{"a", "b"}, {{"a"}, {}}}), "item 1 has no reference");
  EXPECT_EQ(ErrorOf({{"a", "b"}, {{"a"}, {"", ""}}}), "item 1 has no reference but empty ones");
  EXPECT_EQ(ErrorOf({{"a", "b\xff"}, {{"a"}, {"b"}}}), "item 1: its text: byte 1 is not UTF-8");
  EXPECT_EQ(ErrorOf({{"a"}, {{"b", "\xc0\xaf"}}}), "item 0: its reference 1: byte 0 is not UTF-8");
}

TEST_P(MetricTest, UnknownOptionsAreRefusedBeforeThereAreTexts) {
  const Result<Wanted> wanted = ReadWanted({{"metric", GetParam()}, {"tokenise", "none"}});
  ASSERT_FALSE(wanted.ok());
  EXPECT_EQ(Message(wanted.status()).find("metric " + GetParam() + ": unknown option \"tokenise\""),
            0u);
}

}  // namespace
}  // namespace eida::metrics
