#include "common/catalog/catalog.h"

#include <algorithm>

#include "common/catalog/sites.h"
#include "gtest/gtest.h"

namespace eida::catalog {
namespace {

TEST(CatalogTest, TablesAreSortedAndHaveHelp) {
  EXPECT_TRUE(std::is_sorted(Models().begin(), Models().end(),
                             [](const Model& a, const Model& b) { return a.id < b.id; }));
  EXPECT_TRUE(std::is_sorted(Adapters().begin(), Adapters().end(),
                             [](const Adapter& a, const Adapter& b) { return a.id < b.id; }));
  EXPECT_TRUE(std::is_sorted(SoupMethods().begin(), SoupMethods().end(),
                             [](const SoupMethod& a, const SoupMethod& b) { return a.id < b.id; }));
  for (const SoupMethod& s : SoupMethods()) {
    EXPECT_FALSE(s.help.empty() || s.heading.empty()) << s.id;
    EXPECT_TRUE(std::any_of(s.parameters.begin(), s.parameters.end(), [](const Parameter& p) {
      return p.name == "metric";
    })) << s.id;
  }
  for (const Analysis& a : Analyses()) EXPECT_FALSE(a.help.empty()) << a.id;
  for (const Task& t : Tasks()) {
    for (const std::string& metric : t.metrics)
      EXPECT_NE(Find(Metrics(), metric), nullptr) << metric;
  }
}

std::vector<std::string> RolesOf(const std::string& id, const std::string& module) {
  std::vector<std::string> roles;
  for (const SiteShape& site : SitesOf(*Find(Models(), id), module, 12, 4))
    roles.push_back(site.role);
  return roles;
}

TEST(SitesTest, RolesAreFoundWithAndWithoutThePrefix) {
  using Roles = std::vector<std::string>;
  EXPECT_EQ(RolesOf("bert", "encoder.layer.11.attention.self.query"), Roles{"query"});
  EXPECT_EQ(RolesOf("bert", "bert.encoder.layer.0.output.dense"), Roles{"fc2"});
  EXPECT_EQ(RolesOf("bert", "encoder.layer.0.attention.output.dense"), Roles{"attn_out"});
  EXPECT_EQ(RolesOf("bert", "embeddings.word_embeddings"), Roles{});
  EXPECT_EQ(RolesOf("roberta", "classifier.dense"), Roles{"classifier_dense"});
  EXPECT_EQ(RolesOf("mbart", "model.decoder.layers.3.self_attn.v_proj"), Roles{"value"});
  EXPECT_EQ(RolesOf("mbart", "model.decoder.layers.3.encoder_attn.v_proj"), Roles{"cross_value"});
  EXPECT_EQ(RolesOf("gpt2", "transformer.h.0.attn.c_attn"),
            (Roles{"qkv", "query", "key", "value"}));
}

TEST(SitesTest, PartsOfAFusedMapShareItsInputsAndItsOutputs) {
  // A Conv1D of 4 inputs and 12 outputs, stored [in, out].
  const std::vector<SiteShape> sites =
      SitesOf(*Find(Models(), "gpt2"), "transformer.h.7.attn.c_attn", 4, 12);
  ASSERT_EQ(sites.size(), 4u);
  EXPECT_TRUE(sites[0].whole());
  EXPECT_EQ(sites[0].out, 12);
  EXPECT_EQ(sites[3].name, "transformer.h.7.attn.c_attn.value");
  EXPECT_EQ(sites[3].weight(), "transformer.h.7.attn.c_attn.weight");
  EXPECT_EQ(sites[3].in, 4);
  EXPECT_EQ(sites[3].out, 4);
  EXPECT_EQ(sites[3].begin, 8);
  EXPECT_TRUE(sites[3].transposed);
}

TEST(SitesTest, TargetsAreRolesModulesTheirEndsAndPatterns) {
  std::vector<SiteShape> sites;
  for (const char* layer : {"0", "1"}) {
    for (const char* module : {".attn.c_attn", ".mlp.c_fc"}) {
      for (SiteShape& site :
           SitesOf(*Find(Models(), "gpt2"), std::string("transformer.h.") + layer + module, 4, 12))
        sites.push_back(std::move(site));
    }
  }
  const auto count = [&](const std::vector<std::string>& targets) {
    return TargetSites(sites, targets)->size();
  };
  EXPECT_EQ(count({"query"}), 2u);
  EXPECT_EQ(count({"query", "value", "c_attn.query"}), 4u);
  EXPECT_EQ(count({"c_attn"}), 2u);
  EXPECT_EQ(count({"transformer.h.1.mlp.c_fc"}), 1u);
  EXPECT_EQ(count({"h.1.*.c_fc"}), 1u);
  EXPECT_EQ(count({"h.*.c_attn"}), 2u);
  const std::string both(Message(TargetSites(sites, {"c_attn", "value"}).status()));
  EXPECT_NE(both.find("the whole map or its parts"), std::string::npos) << both;
  const std::string unknown(Message(TargetSites(sites, {"qeury"}).status()));
  EXPECT_NE(unknown.find("did you mean \"query\""), std::string::npos) << unknown;
  EXPECT_NE(unknown.find("transformer.h.0.attn.c_attn"), std::string::npos) << unknown;
}

TEST(CatalogTest, ParametersCarryTypesAndDefaults) {
  const Adapter& lora = *Find(Adapters(), "lora");
  const auto r = std::find_if(lora.parameters.begin(), lora.parameters.end(),
                              [](const Parameter& p) { return p.name == "r"; });
  ASSERT_NE(r, lora.parameters.end());
  EXPECT_TRUE(r->required);
  const auto bias = std::find_if(lora.parameters.begin(), lora.parameters.end(),
                                 [](const Parameter& p) { return p.name == "bias"; });
  ASSERT_NE(bias, lora.parameters.end());
  EXPECT_EQ(bias->choices, (std::vector<std::string>{"none", "all", "lora_only"}));
  EXPECT_FALSE(bias->implied);
  const auto head = std::find_if(lora.parameters.begin(), lora.parameters.end(),
                                 [](const Parameter& p) { return p.name == "train_head"; });
  ASSERT_NE(head, lora.parameters.end());
  EXPECT_TRUE(head->implied);
  EXPECT_EQ(head->fallback, "true");
}

}  // namespace
}  // namespace eida::catalog
