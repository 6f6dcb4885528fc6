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
  for (const Adapter& a : Adapters()) EXPECT_FALSE(a.help.empty() || a.name.empty()) << a.id;
  for (const Analysis& a : Analyses()) EXPECT_FALSE(a.help.empty()) << a.id;
  for (const Format& f : Formats()) EXPECT_FALSE(f.help.empty()) << f.id;
  for (const Metric& m : Metrics()) EXPECT_FALSE(m.help.empty() || m.heading.empty()) << m.id;
}

class TaskTest : public testing::TestWithParam<Task> {};

TEST_P(TaskTest, NamesWhatThereIs) {
  const Task& task = GetParam();
  EXPECT_FALSE(task.help.empty());
  ASSERT_FALSE(task.formats.empty());
  for (const std::string& format : task.formats) EXPECT_NE(Find(Formats(), format), nullptr);
  ASSERT_FALSE(task.metrics.empty());
  for (const std::string& id : task.metrics) {
    ASSERT_NE(Find(Metrics(), id), nullptr) << id;
    EXPECT_TRUE(Gives(task, *Find(Metrics(), id))) << id;
  }
  for (const std::string& id : task.text_metrics)
    EXPECT_NE(Find(GenerationMetrics(), id), nullptr) << id;
  EXPECT_EQ(task.text_metrics.empty(), !task.generates);
  EXPECT_NE(std::find(task.metrics.begin(), task.metrics.end(), "loss"), task.metrics.end())
      << "paths and soups look at it";
}

TEST_P(TaskTest, HasTheColumnsOfItsKind) {
  std::vector<std::string> keys;
  for (const Column& column : GetParam().columns) keys.push_back(column.key);
  using Keys = std::vector<std::string>;
  EXPECT_EQ(keys, GetParam().generates ? (Keys{"source", "target"})
                                       : (Keys{"text", "text_pair", "label"}));
  EXPECT_FALSE(GetParam().columns.front().name.empty());
  EXPECT_FALSE(GetParam().columns.back().name.empty());
}

INSTANTIATE_TEST_SUITE_P(Tasks, TaskTest, testing::ValuesIn(Tasks()),
                         [](const auto& info) { return info.param.id; });

TEST(CatalogTest, APresetSetsOnlyWhatItKnowsToBeANumber) {
  EXPECT_TRUE(
      std::is_sorted(AnalysisPresets().begin(), AnalysisPresets().end(),
                     [](const AnalysisPreset& a, const AnalysisPreset& b) { return a.id < b.id; }));
  for (const AnalysisPreset& preset : AnalysisPresets()) {
    EXPECT_FALSE(preset.help.empty()) << preset.id;
    EXPECT_FALSE(preset.parameters.empty()) << preset.id;
    for (const Parameter& p : preset.parameters)
      EXPECT_TRUE(p.type == "int" && !p.required) << preset.id << ": " << p.name;
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
