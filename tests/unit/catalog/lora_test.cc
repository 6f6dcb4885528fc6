// What LoRA's settings mean: ranks, scales, and what trains whole.
#include "common/catalog/lora.h"

#include <cmath>

#include "gtest/gtest.h"

namespace eida::catalog {
namespace {

// Query, value and feed-forward maps of two BERT layers, 8 wide, 12 within.
std::vector<SiteShape> TwoLayers() {
  std::vector<SiteShape> sites;
  for (const std::string layer : {"0", "1"}) {
    for (const auto& [module, out, in] :
         {std::tuple("attention.self.query", 8, 8), std::tuple("attention.self.value", 8, 8),
          std::tuple("intermediate.dense", 12, 8), std::tuple("output.dense", 8, 12)}) {
      for (SiteShape& site :
           SitesOf(*Find(Models(), "bert"), "bert.encoder.layer." + layer + "." + module, out, in))
        sites.push_back(std::move(site));
    }
  }
  return sites;
}

Json Settings(const Json& changes) {
  Json settings = {{"type", "lora"}, {"r", 4}, {"alpha", 8.0}, {"targets", {"query", "fc1"}}};
  if (changes.is_object()) settings.update(changes);
  return settings;
}

std::vector<LoraSite> Maps(const Json& changes) {
  const auto maps = LoraSites(TwoLayers(), Settings(changes));
  EXPECT_TRUE(maps.ok()) << maps.status();
  return maps.ok() ? *maps : std::vector<LoraSite>();
}

// Ranks or scales, in the order of the maps: query 0, fc1 0, query 1, fc1 1.
template <class T>
std::vector<T> Each(const Json& changes, T LoraSite::*member) {
  std::vector<T> all;
  for (const LoraSite& map : Maps(changes)) all.push_back(map.*member);
  return all;
}

std::string ErrorOf(const Json& changes) {
  return Message(LoraSites(TwoLayers(), Settings(changes)).status());
}

TEST(LoraSitesTest, AlphaIsDividedByTheRankOrItsRoot) {
  using Scales = std::vector<double>;
  EXPECT_EQ(Each({}, &LoraSite::r), (std::vector<int64_t>{4, 4, 4, 4}));
  EXPECT_EQ(Each({}, &LoraSite::scale), (Scales{2, 2, 2, 2}));
  EXPECT_EQ(Each({{"use_rslora", true}}, &LoraSite::scale), (Scales{4, 4, 4, 4}));
  const Json ranks = {{"rank_pattern", Json::parse(R"([["query", 2]])")}};
  EXPECT_EQ(Each(ranks, &LoraSite::r), (std::vector<int64_t>{2, 4, 2, 4}));
  EXPECT_EQ(Each(ranks, &LoraSite::scale), (Scales{4, 2, 4, 2})) << "alpha over its own rank";
}

TEST(LoraSitesTest, AFixedScaleHoldsWhateverTheRank) {
  Json settings = Settings({{"scale", 3.0}, {"rank_pattern", Json::parse(R"([["query", 1]])")}});
  settings.erase("alpha");
  const std::vector<LoraSite> maps = LoraSites(TwoLayers(), settings).value();
  ASSERT_EQ(maps.size(), 4u);
  for (const LoraSite& map : maps) EXPECT_EQ(map.scale, 3.0);
}

TEST(LoraSitesTest, TheFirstEntryThatMeansAMapHolds) {
  EXPECT_EQ(Each({{"rank_pattern",
                   Json::parse(R"([["layer.1.attention.self.query", 7], ["query", 2]])")}},
                 &LoraSite::r),
            (std::vector<int64_t>{2, 4, 7, 4}));
  EXPECT_EQ(Each({{"alpha_pattern", Json::parse(R"([["fc1", 1], ["*.layer.0.*", 16.0]])")}},
                 &LoraSite::scale),
            (std::vector<double>{4, 0.25, 2, 0.25}));
  EXPECT_NE(ErrorOf({{"rank_pattern",
                      Json::parse(R"([["query", 2], ["layer.1.attention.self.query", 7]])")}})
                .find("layer.1.attention.self.query holds for no map"),
            std::string::npos);
}

TEST(LoraSitesTest, EntriesThatMeanNothingAreRefused) {
  EXPECT_NE(ErrorOf({{"rank_pattern", Json::parse(R"([["value", 2]])")}})
                .find("rank_pattern.value means none of"),
            std::string::npos);
  EXPECT_NE(ErrorOf({{"alpha_pattern", Json::parse(R"([["query", 0]])")}})
                .find("not a target and a positive number"),
            std::string::npos);
  EXPECT_NE(ErrorOf({{"rank_pattern", Json::parse(R"([["query", 2], [3, 3]])")}}).find("[3,3]"),
            std::string::npos);
  EXPECT_NE(ErrorOf({{"rank_pattern", "query"}}).find("no list"), std::string::npos);
  EXPECT_NE(ErrorOf({{"targets", {"qery"}}}).find("did you mean"), std::string::npos);
}

TEST(LoraSitesTest, WhatTrainsWholeHasNoFactors) {
  EXPECT_EQ(Maps({{"modules_to_save", {"encoder.layer.1"}}}).size(), 2u);
  EXPECT_EQ(Maps({{"modules_to_save", {"intermediate"}}}).size(), 2u);
  EXPECT_NE(ErrorOf({{"modules_to_save", {"encoder"}}}).find("none is left"), std::string::npos);
}

TEST(LoraSitesTest, ARankLargerThanAMapIsRefused) {
  EXPECT_TRUE(CheckRanks(Maps({{"r", 8}})).ok());
  const std::string error =
      Message(CheckRanks(Maps({{"rank_pattern", Json::parse(R"([["fc1", 9]])")}})));
  EXPECT_NE(error.find("rank 9 is larger than bert.encoder.layer.0.intermediate.dense allows"),
            std::string::npos)
      << error;
  EXPECT_NE(error.find("at most 8"), std::string::npos) << error;
}

std::vector<std::string> Whole(const Json& changes) {
  std::vector<ParameterName> parameters = {{"bert.embeddings.LayerNorm.weight", false},
                                           {"bert.embeddings.LayerNorm.bias", false}};
  for (const SiteShape& site : TwoLayers()) {
    parameters.push_back({site.weight(), false});
    parameters.push_back({site.bias(), false});
  }
  parameters.push_back({"classifier.weight", true});
  parameters.push_back({"classifier.bias", true});
  const auto whole = WholeParameters(parameters, Settings(changes), Maps(changes));
  if (!whole.ok()) return {Message(whole.status())};
  std::vector<std::string> names;
  for (const ParameterName& p : *whole) names.push_back(p.name);
  return names;
}

TEST(WholeParametersTest, TheHeadTrainsUnlessItIsToldNotTo) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(Whole({}), (Names{"classifier.weight", "classifier.bias"}));
  EXPECT_EQ(Whole({{"modules_to_save", {"classifier"}}}), Whole({})) << "PEFT's way to say it";
  EXPECT_EQ(Whole({{"train_head", false}}), Names{});
  EXPECT_NE(Whole({{"train_head", false}, {"modules_to_save", {"classifier"}}})
                .at(0)
                .find("train_head is false"),
            std::string::npos);
}

TEST(WholeParametersTest, BiasesAreNoneAllOrThoseOfTheMaps) {
  EXPECT_EQ(Whole({{"bias", "all"}}).size(), 2u + 9);
  EXPECT_EQ(Whole({{"bias", "all"}}).front(), "bert.embeddings.LayerNorm.bias");
  const auto own = Whole({{"bias", "lora_only"}});
  ASSERT_EQ(own.size(), 2u + 4);
  EXPECT_EQ(own[0], "bert.encoder.layer.0.attention.self.query.bias");
  EXPECT_EQ(own[1], "bert.encoder.layer.0.intermediate.dense.bias");
}

TEST(WholeParametersTest, ModulesAreNamedByTheirPathOrItsEnd) {
  EXPECT_EQ(Whole({{"modules_to_save", {"embeddings"}}}).size(), 2u + 2);
  EXPECT_EQ(Whole({{"modules_to_save", {"embeddings.LayerNorm"}}}).size(), 2u + 2);
  EXPECT_EQ(Whole({{"modules_to_save", {"encoder.layer.1"}}}).size(), 2u + 8);
  for (const char* no : {"LayerNor", "yerNorm", "embeddings.LayerNorm.weight"}) {
    EXPECT_NE(Whole({{"modules_to_save", {no}}}).at(0).find("no module of the model"),
              std::string::npos)
        << no;
  }
}

}  // namespace
}  // namespace eida::catalog
