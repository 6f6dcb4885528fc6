// Lines through the tensors of two adapters, against their definition on a small BERT.
#include <gmock/gmock.h>
#include <torch/torch.h>

#include "fake_study.h"
#include "tests/unit/engine/tiny.h"
#include "worker/analysis/analysis.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/tasks/task.h"

namespace eida::analysis {
namespace {

using engine::Weights;
using ::testing::HasSubstr;

const Json kLora = {{"type", "lora"}, {"r", 2}, {"alpha", 8}};
constexpr double kScale = 4;  // alpha / r

// Two members at random values, and the study that they belong to.
struct LineWorld {
  engine::Tiny tiny;
  Json spec = {{"split", "select"},
               {"samples", nullptr},
               {"item_seed", 0},
               {"alphas", 3},
               {"space", "adapter"},
               {"numerics", {{"precision", "fp32"}, {"batch_size", 8}, {"batching", "bucketed"}}}};
  engine::Job job = tiny.Make("path", spec);
  std::shared_ptr<const engine::Base> base = engine::LoadBase(job).value();
  std::shared_ptr<engine::Study> study = engine::Study::For(job, "select", true).value();

  std::string Member(const Json& settings, int seed) const {
    const auto adapter = engine::MakeAdapter(settings).value();
    const auto examples = engine::LoadExamples(job, *base, {"train", std::nullopt, 0}).value();
    Weights trained = adapter->Init(*base, seed, {*examples, *base->model}).value();
    at::manual_seed(seed);
    for (auto& [name, tensor] : trained) tensor = tensor + 0.05 * at::randn_like(tensor);
    const std::string path = tiny.path("member" + std::to_string(seed) + ".safetensors");
    EXPECT_TRUE(engine::WriteMember(*adapter, trained, path).ok());
    return path;
  }
};

TEST(AdapterLineTest, MixesTheFactorsApartAndSoHasCrossTerms) {
  const LineWorld w;
  const std::string path_a = w.Member(kLora, 1), path_b = w.Member(kLora, 2);
  const Weights a = engine::ReadSafetensors(path_a).value(),
                b = engine::ReadSafetensors(path_b).value();
  const Weights middle = w.study->AdapterLine(path_a, path_b).value()(0.5).value();
  const Weights merged = w.study->Interpolate(w.study->LoadMember(path_a).value(),
                                              w.study->LoadMember(path_b).value(), 0.5);
  size_t maps = 0;
  for (const auto& [key, factor] : a) {
    const std::string prefix = "base_model.model.", suffix = ".lora_A.weight";
    if (!key.ends_with(suffix)) continue;
    ++maps;
    const std::string module =
        key.substr(prefix.size(), key.size() - prefix.size() - suffix.size());
    const std::string key_b = prefix + module + ".lora_B.weight";
    const at::Tensor start = w.study->BaseTensor(module + ".weight").value();
    const at::Tensor expected = start + kScale * torch::mm(0.5 * a.at(key_b) + 0.5 * b.at(key_b),
                                                           0.5 * factor + 0.5 * b.at(key));
    EXPECT_LE(engine::Difference(middle.at(module + ".weight"), expected), 1e-6) << module;
    // The four products by hand: a quarter each, of which the merged line has half of two.
    const at::Tensor own = torch::mm(a.at(key_b), factor) + torch::mm(b.at(key_b), b.at(key));
    const at::Tensor cross = torch::mm(a.at(key_b), b.at(key)) + torch::mm(b.at(key_b), factor);
    EXPECT_LE(engine::Difference(middle.at(module + ".weight"), start + kScale / 4 * (own + cross)),
              1e-6);
    EXPECT_LE(engine::Difference(merged.at(module + ".weight"), start + kScale / 2 * own), 1e-6);
    EXPECT_GT(engine::Difference(middle.at(module + ".weight"), merged.at(module + ".weight")),
              1e-4);
  }
  EXPECT_EQ(maps, 4u);  // query and value of two layers
  EXPECT_LE(engine::Difference(middle.at("classifier.weight"), merged.at("classifier.weight")),
            1e-6)
      << "a head has one tensor, so both lines have the same";
}

TEST(AdapterLineTest, ItsEndsAreTheMembers) {
  const LineWorld w;
  const std::string path_a = w.Member(kLora, 1), path_b = w.Member(kLora, 2);
  const engine::Line line = w.study->AdapterLine(path_a, path_b).value();
  for (const auto& [alpha, path] : {std::pair{1.0, path_a}, {0.0, path_b}}) {
    const Weights end = line(alpha).value(), member = w.study->LoadMember(path).value();
    ASSERT_EQ(end.size(), member.size());
    for (const auto& [name, tensor] : member) EXPECT_TRUE(at::equal(end.at(name), tensor)) << name;
  }
}

TEST(AdapterLineTest, AdaptersOfOtherStructureAreRefusedByWhatDiffers) {
  const LineWorld w;
  const std::string lora = w.Member(kLora, 1);
  Json wide = kLora, strong = kLora, elsewhere = kLora;
  wide["r"] = 4, strong["alpha"] = 16, elsewhere["targets"] = {"query"};
  const auto refused = [&](const Json& settings, int seed) {
    const auto line = w.study->AdapterLine(lora, w.Member(settings, seed));
    EXPECT_FALSE(line.ok());
    EXPECT_EQ(engine::ErrorClassOf(line.status()), "config");
    return Message(line.status());
  };
  EXPECT_THAT(refused(wide, 2), HasSubstr("r is 2 in one and 4 in the other"));
  EXPECT_THAT(refused(strong, 3), HasSubstr("alpha is 8 in one and 16 in the other"));
  EXPECT_THAT(refused(elsewhere, 4), HasSubstr("targets is"));
  EXPECT_THAT(refused({{"type", "none"}}, 5), HasSubstr("use space \"merged\""));
  Json dropped = kLora;
  dropped["dropout"] = 0.5;
  EXPECT_TRUE(w.study->AdapterLine(lora, w.Member(dropped, 6)).ok())
      << "dropout changes no meaning";
}

TEST(AdapterLineTest, APathRunsThroughTheSpaceThatItsSpecNames) {
  const LineWorld w;
  engine::Job path = w.tiny.Make("path", w.spec);
  path.inputs["a"] = w.Member(kLora, 1), path.inputs["b"] = w.Member(kLora, 2);
  QuietEvents events;
  for (const char* side : {"a", "b"}) {
    engine::Job evaluate = w.tiny.Make("evaluate", w.spec);
    evaluate.inputs["weights"] = path.inputs[side];
    const auto end = engine::RunEvaluate(evaluate, events);
    ASSERT_TRUE(end.ok()) << end.status();
    path.inputs[std::string("end_") + side] = engine::ArtifactPath(*end, "eval");
  }
  const auto middle = [&](const std::string& space) {
    path.spec["space"] = space;
    const auto result = RunPath(path, events);
    EXPECT_TRUE(result.ok()) << result.status();
    const Json curve = ReadJsonFile(engine::ArtifactPath(*result, "curve")).value();
    EXPECT_EQ(curve["space"], space);
    return curve["loss"][1].get<double>();
  };
  const double adapter = middle("adapter");
  const engine::Line line = w.study->AdapterLine(path.inputs["a"], path.inputs["b"]).value();
  EXPECT_EQ(adapter, engine::Score(w.study->Evaluate(line(0.5).value()).value()).loss);
  EXPECT_NE(adapter, middle("merged"));

  path.spec["space"] = "weights";
  EXPECT_THAT(Message(RunPath(path, events).status()), HasSubstr("space \"weights\""));
  path.spec["space"] = "merged";
  path.spec["confidence"] = 1.5;
  EXPECT_THAT(Message(RunPath(path, events).status()), HasSubstr("confidence 1.5"));
}

}  // namespace
}  // namespace eida::analysis
