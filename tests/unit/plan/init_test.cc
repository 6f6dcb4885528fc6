#include "tests/unit/plan/sample_plan.h"

namespace eida::plan {
namespace {

// The sample's full variant, started from a PEFT adapter in its place.
Result<Plan> PlanStarted(const std::map<std::string, std::string>& files, const std::string& keys) {
  const std::string text = spec::Replaced(spec::SampleSweep(), "adapter: {type: none}",
                                          "adapter: {type: lora, init: peft}" + keys);
  const spec::ParseResult parsed = spec::ParseSweep(text, "sweep.yaml", {});
  EXPECT_TRUE(parsed.spec.has_value()) << spec::Render(parsed.diagnostics, "sweep.yaml", false);
  PlanInputs inputs;
  for (const auto& [name, content] : inputs::TinyModel())
    inputs.files["model"][name] = DigestOf(content);
  inputs.files["rows.tsv"] = {{"", DigestOf("rows")}};
  inputs.files["more.tsv"] = {{"", DigestOf("more")}};
  for (const auto& [name, content] : files) inputs.files["peft"][name] = DigestOf(content);
  const std::string& weights = files.at("adapter_model.safetensors");
  uint64_t length = 0;
  std::memcpy(&length, weights.data(), 8);
  inputs.adapters["peft"] =
      *inputs::MakeAdapterFacts("peft", files.at("adapter_config.json"), weights.substr(8, length));
  inputs.model = Facts();
  return MakePlan(*parsed.spec, text, inputs);
}

TEST(PlanTest, ARunThatStartsFromAnAdapterHasItsSettings) {
  const auto files = inputs::TinyPeftAdapter();
  const Result<Plan> plan = PlanStarted(files, "");
  ASSERT_TRUE(plan.ok()) << plan.status();
  const JobSpec& train = plan->jobs.front().spec;
  ASSERT_EQ(train.name, "train/full/seed0");
  const Json adapter = ParseJson(train.spec, "spec")->at("adapter");
  EXPECT_EQ(adapter["r"], 2);
  EXPECT_EQ(adapter["alpha"], 6.0);
  EXPECT_EQ(adapter["dropout"], 0.25);
  EXPECT_EQ(adapter["targets"].size(), 2u);
  EXPECT_FALSE(adapter.contains("train_head")) << "a head that it lacks is new";
  EXPECT_TRUE(IsDigest(adapter["init"].get<std::string>()));
  EXPECT_EQ(plan->runs.front().trainable_parameters, 2 * 2 * (8 + 8) + 2 * 8 + 2);
  size_t given = 0;
  for (const JobInput& input : train.inputs) {
    if (input.name.rfind("init/", 0) != 0) continue;
    EXPECT_EQ(input.digest, DigestOf(files.at(input.name.substr(5))));
    ++given;
  }
  EXPECT_EQ(given, 2u);
  // Other files make another run, and only that.
  auto changed = files;
  changed["adapter_model.safetensors"].back() = 'x';
  const Result<Plan> other = PlanStarted(changed, "");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE(FingerprintsByName(*other).at("train/full/seed0"),
            FingerprintsByName(*plan).at("train/full/seed0"));
  EXPECT_EQ(FingerprintsByName(*other).at("train/lora-r8/seed1"),
            FingerprintsByName(*plan).at("train/lora-r8/seed1"));
}

TEST(PlanTest, AnAdapterThatDoesNotFitIsNamedByVariantAndFile) {
  auto files = inputs::TinyPeftAdapter();
  files["adapter_config.json"] = R"({"peft_type": "LORA", "r": 2, "target_modules": ["c_attn"]})";
  const std::string error(Message(PlanStarted(files, "").status()));
  EXPECT_NE(error.find("variant \"full\": peft/adapter_config.json: target_modules"),
            std::string::npos)
      << error;
}

TEST(PlanTest, AnAdapterOfOtherShapesIsNamedByItsTensor) {
  auto files = inputs::TinyPeftAdapter(3);
  files["adapter_config.json"] = inputs::TinyPeftAdapter(2).at("adapter_config.json");
  const std::string error(Message(PlanStarted(files, "").status()));
  EXPECT_NE(error.find("query.lora_A.weight is 3 x 8, adapter_config.json and the base model ask "
                       "for 2 x 8"),
            std::string::npos)
      << error;
}

}  // namespace
}  // namespace eida::plan
