// New models: every family of models.def without a test of its own, and what is refused.
#include "worker/engine/fresh/fresh.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/catalog/catalog.h"
#include "tests/unit/engine/tiny.h"
#include "worker/engine/formats/tokenizer_settings.h"
#include "worker/engine/fresh/texts.h"
#include "worker/engine/models/base.h"

namespace eida::engine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::vector<std::string> FreshTexts() {
  std::vector<std::string> texts;
  for (const char* place : {"harbour", "bridge", "market", "garden"}) {
    for (const char* time : {"Monday", "Friday", "Sunday evening", "noon"})
      texts.push_back(std::string("We meet at the ") + place + " on " + time + ", as ever: Zoë?");
  }
  return texts;
}

FreshSizes SmallSizes() {
  FreshSizes sizes;
  sizes.vocabulary = 420;
  sizes.hidden = 24;
  sizes.heads = 3;
  sizes.positions = 40;
  return sizes;
}

class FreshTest : public testing::TestWithParam<std::string> {
 protected:
  FreshModel Make(uint64_t seed = 1, const FreshSizes& sizes = SmallSizes()) {
    auto made = MakeFreshModel(GetParam(), sizes, seed, FreshTexts());
    EXPECT_TRUE(made.ok()) << Message(made.status());
    return made.ok() ? *made : FreshModel();
  }
  std::shared_ptr<const Base> Load(const FreshModel& model) {
    EXPECT_TRUE(WriteFreshModel(model, dir_.path()).ok());
    Job job;
    job.kind = job.name = "evaluate";
    job.spec = {{"model", {{"digest", GetParam()}, {"labels", 2}}}};
    for (const char* file :
         {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"})
      job.inputs["model/" + std::string(file)] = JoinPath(dir_.path(), file);
    auto base = LoadBase(job);
    EXPECT_TRUE(base.ok()) << Message(base.status());
    return base.ok() ? *base : nullptr;
  }
  TempDir dir_;
};

TEST_P(FreshTest, ItLoadsAndLacksOnlyTheHead) {
  const auto base = Load(Make());
  ASSERT_NE(base, nullptr);
  EXPECT_EQ(base->tokenizer.vocabulary(), base->model->vocabulary());
  EXPECT_LE(base->model->vocabulary(), 420);
  EXPECT_EQ(base->missing.empty(), base->model->generates());
  for (const std::string& name : base->missing) EXPECT_TRUE(base->model->IsHead(name)) << name;
}

TEST_P(FreshTest, TheSameSeedGivesTheSameModelAndAnotherOneOtherWeights) {
  const FreshModel a = Make(1), b = Make(1), c = Make(2);
  EXPECT_EQ(a.tokenizer.dump(), b.tokenizer.dump());
  EXPECT_EQ(a.tokenizer.dump(), c.tokenizer.dump());
  for (const auto& [name, tensor] : a.weights) {
    EXPECT_TRUE(tensor.equal(b.weights.at(name))) << name;
    if (tensor.dim() > 1 && name != "final_logits_bias") {
      EXPECT_FALSE(tensor.equal(c.weights.at(name))) << name;
    }
  }
}

TEST_P(FreshTest, WeightsAreDrawnAsTransformersDoes) {
  for (const auto& [name, tensor] : Make().weights) {
    if (tensor.dim() == 1) {
      const double all = name.ends_with(".weight") ? 1 : 0;
      EXPECT_TRUE(tensor.eq(all).all().item<bool>()) << name;
    } else if (name != "final_logits_bias") {
      const double spread = name.ends_with("c_proj.weight") ? 0.01 : 0.02;
      EXPECT_NEAR(tensor.std().item<double>(), spread, 0.1 * spread) << name;
    }
  }
}

TEST_P(FreshTest, ThePaddingTokensRowsAreZero) {
  const FreshModel made = Make();
  const int64_t pad = made.config.value("pad_token_id", -1);
  for (const auto& [name, tensor] : made.weights) {
    if (tensor.dim() != 2) continue;
    const bool table =
        name.find("word_embeddings") != std::string::npos || name == "model.shared.weight" ||
        (GetParam() == "roberta" && name.find("position_embeddings") != std::string::npos);
    const at::Tensor zero = tensor.eq(0).all(1).nonzero().flatten();
    EXPECT_EQ(zero.numel(), table ? 1 : name == "final_logits_bias" ? 1 : 0) << name;
    if (table) {
      EXPECT_EQ(zero[0].item<int64_t>(), pad) << name;
    }
  }
}

TEST_P(FreshTest, TextsComeBackAndSpecialTokensHaveTheirRoles) {
  const auto base = Load(Make());
  ASSERT_NE(base, nullptr);
  const TokenIds ids = base->tokenizer.Encode(FreshTexts(), {}, 0, 1).value();
  const std::vector<int64_t> first(ids.ids.begin(), ids.ids.begin() + ids.starts[1]);
  std::string text = base->tokenizer.Decode(first, true, true).value();
  if (GetParam() == "bert") {
    EXPECT_EQ(text, "we meet at the harbour on monday, as ever : zoe?");
  } else {
    EXPECT_EQ(text, FreshTexts()[0]);
  }
  const auto settings = ReadTokenizerSettings(
      base->tokenizer, {JoinPath(dir_.path(), "tokenizer_config.json"), "", base->config_path});
  ASSERT_TRUE(settings.ok()) << Message(settings.status());
  const auto id = [&](const char* key) { return base->config.value(key, -1); };
  EXPECT_EQ(settings->pad.value_or(-1), id("pad_token_id"));
  EXPECT_EQ(settings->eos.value_or(-1), id("eos_token_id"));
  EXPECT_EQ(settings->bos.value_or(-1), id("bos_token_id"));
}

TEST_P(FreshTest, AHeadIsMadeWhereLabelsAreAskedFor) {
  FreshSizes sizes = SmallSizes();
  sizes.labels = 3;
  const auto made = MakeFreshModel(GetParam(), sizes, 0, FreshTexts());
  const bool generates = Load(Make())->model->generates();
  EXPECT_EQ(made.ok(), !generates);
  if (made.ok()) {
    EXPECT_EQ(made->config.at("num_labels"), 3);
    bool head = false;
    for (const auto& [name, tensor] : made->weights)
      head |= name.rfind("classifier", 0) == 0 && tensor.size(0) == 3;
    EXPECT_TRUE(head);
  } else {
    EXPECT_THAT(Message(made.status()), HasSubstr("labels are a classifier's"));
  }
}

TEST_P(FreshTest, AVocabularyWithoutRoomForTheAlphabetSaysHowLargeItMustBe) {
  FreshSizes sizes = SmallSizes();
  sizes.vocabulary = 30;
  const auto made = MakeFreshModel(GetParam(), sizes, 0, FreshTexts());
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(Message(made.status()), AllOf(HasSubstr("has no room for"), HasSubstr("it needs")));
}

INSTANTIATE_TEST_SUITE_P(Families, FreshTest, testing::ValuesIn(catalog::Ids(catalog::Models())));

TEST(FreshSizesTest, WhatDoesNotFitTogetherIsRefused) {
  const auto refusal = [](const std::string& family,
                          const std::function<void(FreshSizes&)>& change) {
    FreshSizes sizes = SmallSizes();
    change(sizes);
    const auto made = MakeFreshModel(family, sizes, 0, FreshTexts());
    EXPECT_FALSE(made.ok());
    return Message(made.status());
  };
  EXPECT_THAT(refusal("bert", [](FreshSizes& s) { s.heads = 5; }),
              HasSubstr("hidden 24 is not a multiple of heads 5"));
  EXPECT_THAT(refusal("bert", [](FreshSizes& s) { s.layers = 0; }), HasSubstr("layers is 0"));
  EXPECT_THAT(refusal("bert", [](FreshSizes& s) { s.labels = 1; }), HasSubstr("labels is 1"));
  EXPECT_THAT(refusal("t5", [](FreshSizes&) {}),
              AllOf(HasSubstr("\"t5\""), HasSubstr("bart, bert, gpt2, mbart, roberta")));
  const auto none = MakeFreshModel("bert", SmallSizes(), 0, {" ", ""});
  EXPECT_THAT(Message(none.status()), HasSubstr("the texts have no words"));
}

TEST(FreshTextsTest, TablesGiveTheirCellsAndOtherFilesTheirLines) {
  const TempDir dir;
  const auto texts = [&](const std::string& name, const std::string& content) {
    EXPECT_TRUE(WriteFileAtomic(JoinPath(dir.path(), name), content).ok());
    return ReadTexts(JoinPath(dir.path(), name), name);
  };
  EXPECT_EQ(*texts("a.tsv", "en\tro\none\tunu\n\ttwo \n"),
            (std::vector<std::string>{"one", "unu", "two"}));
  EXPECT_EQ(*texts("a.txt", "en\tro\n\nx||y\n"), (std::vector<std::string>{"en\tro", "x||y"}));
  EXPECT_THAT(Message(texts("b.tsv", "en\tro\n").status()),
              HasSubstr("b.tsv: has no text behind its header line"));
  EXPECT_THAT(Message(texts("b.txt", " \n").status()), HasSubstr("b.txt: has no text"));
  EXPECT_THAT(Message(texts("c.txt", "a\nb\xff\n").status()), HasSubstr("c.txt:2: is not UTF-8"));
}

}  // namespace
}  // namespace eida::engine
