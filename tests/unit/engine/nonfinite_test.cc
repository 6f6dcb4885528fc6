// What is not finite is named: the tensor, the linear map, the step.
#include <gmock/gmock.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"

namespace eida::engine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Changes the tiny model's tensors.
void Spoil(const Tiny& tiny, const std::function<void(Weights&)>& change) {
  const Weights stored = ReadSafetensors(tiny.path("model.safetensors")).value();
  Weights weights;
  for (const auto& [name, tensor] : stored) weights[name] = tensor.clone();
  change(weights);
  ASSERT_TRUE(WriteSafetensors(weights, {{"format", "pt"}}, tiny.path("model.safetensors")).ok());
}

TEST(NonfiniteTest, ABaseWithNanIsRefusedNamingTheTensor) {
  for (const float value : {NAN, -INFINITY}) {
    const Tiny tiny;
    Spoil(tiny, [&](Weights& weights) {
      weights.at("encoder.layer.1.output.dense.weight").view(-1)[1] = value;
    });
    Recorder events;
    const auto result = RunTrain(tiny.Train(), events);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(ErrorClassOf(result.status()), "config");
    EXPECT_THAT(Message(result.status()),
                AllOf(HasSubstr("encoder.layer.1.output.dense.weight"), HasSubstr("NaN or inf")));
  }
}

// Weights so large that the product overflows: no weight is infinite, an output is.
TEST(NonfiniteTest, TheFirstLinearMapIsNamed) {
  const Tiny tiny;
  Spoil(tiny, [](Weights& weights) {
    weights.at("encoder.layer.1.intermediate.dense.bias").fill_(3e38f);
    weights.at("encoder.layer.1.intermediate.dense.weight").mul_(1e38f);
  });
  Recorder events;
  const auto result = RunTrain(tiny.Train(), events);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(ErrorClassOf(result.status()), "nonfinite");
  EXPECT_THAT(
      Message(result.status()),
      AllOf(HasSubstr("at step 1"),
            HasSubstr("the output of bert.encoder.layer.1.intermediate.dense is the first")));
}

TEST(NonfiniteTest, ADivergedRunNamesStepAndTensor) {
  const Tiny tiny;
  Recorder events;
  const auto result =
      RunTrain(tiny.Train({{"train", {{"lr", 1e38}, {"grad_clip", 0}, {"epochs", 50}}}}), events);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(ErrorClassOf(result.status()), "nonfinite");
  EXPECT_THAT(Message(result.status()), HasSubstr("at step "));
  EXPECT_THAT(Message(result.status()),
              ::testing::AnyOf(HasSubstr("lora_"), HasSubstr("bert."), HasSubstr("classifier")));
}

}  // namespace
}  // namespace eida::engine
