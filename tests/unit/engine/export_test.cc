#include <gmock/gmock.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/formats/member.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

Job ExportJob(const Tiny& tiny, const std::string& format, const std::string& weights) {
  Job job = tiny.Make("export", {{"format", format}, {"adapter", {{"type", "lora"}}}});
  job.inputs["weights"] = weights;
  return job;
}

std::string Trained(const Tiny& tiny, const Json& changes) {
  Recorder events;
  return ArtifactPath(RunTrain(tiny.Train(changes), events).value(), "weights");
}

const Json kLora = {{"train", {{"epochs", 1}}}, {"adapter", {{"alpha", 6}}}};
const Json kFull = {{"train", {{"epochs", 1}, {"lr", 0.001}}}, {"adapter", {{"type", "none"}}}};

TEST(ExportTest, APeftDirectoryHoldsTheAdapterUnderPeftsNames) {
  const Tiny tiny;
  const std::string weights = Trained(tiny, kLora);
  Recorder events;
  const auto result = RunExport(ExportJob(tiny, "peft", weights), events);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->summary.at("files"),
            (Json{"adapter_config.json", "adapter_model.safetensors"}));
  const Json config = ReadJsonFile(ArtifactPath(*result, "adapter_config.json")).value();
  EXPECT_EQ(config.at("peft_type"), "LORA");
  EXPECT_EQ(config.at("task_type"), "SEQ_CLS");
  EXPECT_EQ(config.at("r"), 2);
  EXPECT_EQ(config.at("lora_alpha"), 6);
  EXPECT_EQ(config.at("target_modules"), (Json{"query", "value"}));
  EXPECT_EQ(config.at("modules_to_save"), (Json{"classifier"}));
  const Weights exported =
      ReadSafetensors(ArtifactPath(*result, "adapter_model.safetensors")).value();
  const Weights trained = ReadSafetensors(weights).value();
  ASSERT_EQ(exported.size(), trained.size());
  for (const auto& [name, tensor] : trained)
    EXPECT_TRUE(at::equal(exported.at(name), tensor)) << name;
}

TEST(ExportTest, AHuggingFaceDirectoryIsAModelOfItsOwn) {
  const Tiny tiny;
  for (const Json& run : {kLora, kFull}) {
    const std::string weights = Trained(tiny, run);
    Recorder events;
    const Job job = ExportJob(tiny, "hf", weights);
    const auto result = RunExport(job, events);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->summary.at("files"), (Json{"config.json", "model.safetensors",
                                                 "tokenizer.json", "tokenizer_config.json"}));
    const Json config = ReadJsonFile(ArtifactPath(*result, "config.json")).value();
    EXPECT_EQ(config.at("architectures"), (Json{"BertForSequenceClassification"}));
    EXPECT_EQ(config.at("num_labels"), 2);
    EXPECT_EQ(config.at("id2label").at("1"), "LABEL_1");
    EXPECT_EQ(config.at("hidden_size"), 32);
    EXPECT_EQ(Bytes(ArtifactPath(*result, "tokenizer.json")), Bytes(tiny.path("tokenizer.json")));
    // The directory as a base model, with nothing trained on top, gives the trained model's losses.
    const Json spec = {{"split", "select"},
                       {"numerics", {{"precision", "fp32"}, {"batch_size", 8}}}};
    const auto study = Study::For(tiny.Make("evaluate", spec), "select", false).value();
    const EvalResult expected = study->Evaluate(study->LoadMember(weights).value()).value();
    Job exported = tiny.Make("evaluate", spec);
    for (const char* file :
         {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"}) {
      exported.inputs[std::string("model/") + file] = ArtifactPath(*result, file);
    }
    const auto again = Study::For(exported, "select", false).value();
    EXPECT_TRUE(at::equal(again->Evaluate({})->loss, expected.loss));
    for (const std::string& name : again->BaseNames()) {
      EXPECT_TRUE(name.rfind("bert.", 0) == 0 || name.rfind("classifier.", 0) == 0) << name;
    }
  }
}

TEST(ExportTest, WhatCannotBeExportedIsRefused) {
  const Tiny tiny;
  Recorder events;
  EXPECT_THAT(Message(RunExport(ExportJob(tiny, "peft", Trained(tiny, kFull)), events).status()),
              HasSubstr("use the format hf"));
  EXPECT_THAT(Message(RunExport(ExportJob(tiny, "onnx", Trained(tiny, kLora)), events).status()),
              HasSubstr("onnx"));
  const std::string biases =
      Trained(tiny, {{"train", {{"epochs", 1}}}, {"adapter", {{"type", "bitfit"}}}});
  EXPECT_THAT(Message(RunExport(ExportJob(tiny, "peft", biases), events).status()),
              HasSubstr("adapter bitfit changes the model by no low-rank factors"));
  EXPECT_TRUE(RunExport(ExportJob(tiny, "hf", biases), events).ok());
}

TEST(MemberTest, WeightsThatWouldChangeNothingAreRefused) {
  const Tiny tiny;
  const auto base = LoadBase(tiny.Train()).value();
  const std::string peft = tiny.path("peft.safetensors"), other = tiny.path("other.safetensors");
  // As PEFT writes it: the right names, and no word of Eida's.
  ASSERT_TRUE(
      WriteSafetensors(ReadSafetensors(Trained(tiny, kLora)).value(), {{"format", "pt"}}, peft)
          .ok());
  EXPECT_THAT(Message(ReadMember(*base, peft).status()),
              HasSubstr("adapter_config.json is not beside it"));
  EXPECT_EQ(ErrorClassOf(ReadMember(*base, peft).status()), "config");
  ASSERT_TRUE(WriteSafetensors({{"vision.patch.weight", at::ones({2})}}, {}, other).ok());
  EXPECT_THAT(Message(ReadMember(*base, other).status()), HasSubstr("another model"));
}

}  // namespace
}  // namespace eida::engine
