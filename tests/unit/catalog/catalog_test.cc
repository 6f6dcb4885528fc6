#include "common/catalog/catalog.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace eida::catalog {
namespace {

TEST(CatalogTest, TablesAreSortedAndHaveHelp) {
  EXPECT_TRUE(std::is_sorted(Models().begin(), Models().end(),
                             [](const Model& a, const Model& b) { return a.id < b.id; }));
  EXPECT_TRUE(std::is_sorted(Adapters().begin(), Adapters().end(),
                             [](const Adapter& a, const Adapter& b) { return a.id < b.id; }));
  for (const Analysis& a : Analyses()) EXPECT_FALSE(a.help.empty()) << a.id;
  for (const Task& t : Tasks()) {
    for (const std::string& metric : t.metrics)
      EXPECT_NE(Find(Metrics(), metric), nullptr) << metric;
  }
}

TEST(CatalogTest, RolesAreFoundWithAndWithoutThePrefix) {
  const Model& bert = *Find(Models(), "bert");
  EXPECT_EQ(RoleOf(bert, "encoder.layer.11.attention.self.query"), "query");
  EXPECT_EQ(RoleOf(bert, "bert.encoder.layer.0.output.dense"), "fc2");
  EXPECT_EQ(RoleOf(bert, "encoder.layer.0.attention.output.dense"), "attn_out");
  EXPECT_EQ(RoleOf(bert, "embeddings.word_embeddings"), "");
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
  EXPECT_EQ(bias->choices, std::vector<std::string>{"none"});
}

}  // namespace
}  // namespace eida::catalog
