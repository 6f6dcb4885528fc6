#include "common/plan/parameters.h"

#include "tests/unit/plan/sample_plan.h"

namespace eida::plan {
namespace {

TEST(PlanTest, AnAdapterTargetThatTheModelLacksIsAnError) {
  EXPECT_NE(
      Message(
          CountParameters(Facts(), {{"type", "lora"}, {"r", 1}, {"targets", {"qery"}}}, 2).status())
          .find("did you mean \"query\"?"),
      std::string::npos);
}

// Thesis tables 4 and 5: the eleven "param ratio" cells, from the configuration alone (heads are
// not in the numerator).
TEST(ParametersTest, RatiosOfTheThesisTables) {
  inputs::ModelFacts bert;
  bert.parameters = 109'482'240;
  bert.hidden_size = 768;
  inputs::ModelFacts mbart;
  mbart.parameters = 610'851'840;
  mbart.hidden_size = 1024;
  const auto add = [](inputs::ModelFacts& facts, const char* id, const std::string& module) {
    for (auto& site : catalog::SitesOf(*catalog::Find(catalog::Models(), id), module,
                                       facts.hidden_size, facts.hidden_size))
      facts.sites.push_back(std::move(site));
  };
  for (int i = 0; i < 12; ++i) {
    const std::string layer = std::to_string(i);
    for (const char* part : {"query", "key", "value"})
      add(bert, "bert", "bert.encoder.layer." + layer + ".attention.self." + part);
    for (const char* part : {"q_proj", "k_proj", "v_proj"}) {
      add(mbart, "mbart", "model.encoder.layers." + layer + ".self_attn." + part);
      add(mbart, "mbart", "model.decoder.layers." + layer + ".self_attn." + part);
      add(mbart, "mbart", "model.decoder.layers." + layer + ".encoder_attn." + part);
    }
  }
  const auto count = [&](const inputs::ModelFacts& model, int r) {
    const Json targets = &model == &bert ? Json{"query", "value"} : Json{"q_proj", "v_proj"};
    return *CountParameters(model, {{"type", "lora"}, {"r", r}, {"targets", targets}}, 2);
  };
  const auto ratio = [&](const inputs::ModelFacts& model, int r) {
    return 100 * count(model, r).ratio();
  };
  EXPECT_EQ(count(bert, 1).adapter, 36'864);
  EXPECT_EQ(count(mbart, 1).adapter, 147'456);
  EXPECT_NEAR(ratio(bert, 1), 0.034, 5e-4);
  EXPECT_NEAR(ratio(bert, 2), 0.067, 5e-4);
  EXPECT_NEAR(ratio(bert, 4), 0.135, 5e-4);
  EXPECT_NEAR(ratio(bert, 8), 0.269, 5e-4);
  EXPECT_NEAR(ratio(bert, 16), 0.539, 5e-4);
  EXPECT_NEAR(ratio(bert, 32), 1.077, 5e-4);
  EXPECT_NEAR(ratio(mbart, 1), 0.024, 5e-4);
  EXPECT_NEAR(ratio(mbart, 4), 0.097, 5e-4);
  EXPECT_NEAR(ratio(mbart, 16), 0.386, 5e-4);
  EXPECT_NEAR(ratio(mbart, 64), 1.545, 5e-4);
  EXPECT_NEAR(ratio(mbart, 256), 6.180, 5e-4);
}

}  // namespace
}  // namespace eida::plan
