#include "common/inputs/gather.h"

#include <filesystem>

#include "common/base/digest.h"
#include "gtest/gtest.h"
#include "tests/unit/inputs/model_dir.h"

namespace eida::inputs {
namespace {

class GatherTest : public testing::Test {
 protected:
  GatherTest() {
    WriteTinyModel(Path("model"));
    Write("rows.tsv", "text\tlabel\none\t0\ntwo\t1\nthree\t1\nfour\t0\n");
    wanted_.base = dir_.path();
    wanted_.model_path = "model";
    wanted_.format = "tsv";
    wanted_.columns = {"text", "", "label"};
    wanted_.max_length = 16;
    wanted_.splits = {{"train", "", {}, {}, 0}, {"select", "train", {}, 1, 0}};
    wanted_.split_files = {{"train", "rows.tsv"}};
  }
  std::string Path(const std::string& name) const { return JoinPath(dir_.path(), name); }
  void Write(const std::string& name, const std::string& content) {
    ASSERT_TRUE(WriteFileAtomic(Path(name), content).ok());
  }
  Gathered Run() {
    DigestCache cache("");
    return Gather(wanted_, cache);
  }
  // The one problem, at `at` and with `text` in its message.
  void ExpectProblem(const std::string& at, const std::string& text) {
    const Gathered found = Run();
    ASSERT_EQ(found.problems.size(), 1u);
    EXPECT_EQ(found.problems[0].at, at);
    EXPECT_NE(found.problems[0].message.find(text), std::string::npos) << found.problems[0].message;
  }
  TempDir dir_;
  Wanted wanted_;
};

TEST_F(GatherTest, WhatIsThereIsFoundWithDigestsAndSizes) {
  const Gathered found = Run();
  ASSERT_TRUE(found.problems.empty()) << found.problems[0].message;
  EXPECT_EQ(found.files.at("model").count("model.safetensors"), 1u);
  EXPECT_EQ(found.files.at("rows.tsv").at("").digest, DigestOf(*ReadFile(Path("rows.tsv"))));
  EXPECT_EQ(found.split_sizes.at("train"), 3);
  EXPECT_EQ(found.split_sizes.at("select"), 1);
  EXPECT_EQ(found.model.layers, 2);
}

TEST_F(GatherTest, MissingModelDirectory) {
  wanted_.model_path = "nowhere";
  ExpectProblem("model.path", "there is no model directory");
}

TEST_F(GatherTest, TruncatedSafetensors) {
  const std::string path = Path("model/model.safetensors");
  Write("model/model.safetensors", ReadFile(path)->substr(0, 500));
  ExpectProblem("model.path", "truncated");
}

TEST_F(GatherTest, PickleWeightsAreRefusedWithTheWayOut) {
  ASSERT_TRUE(RenameFile(Path("model/model.safetensors"), Path("model/pytorch_model.bin")).ok());
  ExpectProblem("model.path", "safe_serialization=True");
}

TEST_F(GatherTest, ATokenizerThatDoesNotFitTheModel) {
  Write("model/tokenizer.json", TinyTokenizer(31));
  ExpectProblem("model.path", "belongs to another model");
}

TEST_F(GatherTest, LayersThatConfigAndWeightsDisagreeOn) {
  Write("model/config.json", TinyConfig(3));
  ExpectProblem("model.path", "do not belong together");
}

TEST_F(GatherTest, AnotherArchitectureNamesWhatIsRead) {
  Write("model/config.json", R"({"model_type": "mamba"})");
  ExpectProblem("model.path", "this version reads: bart, bert, gpt2, mbart, roberta");
}

TEST_F(GatherTest, EveryFamilyIsReadAndHasItsTasks) {
  for (const catalog::Model& model : catalog::Models()) {
    const std::string golden = std::string(EIDA_SOURCE_DIR) + "/tests/golden/models/" + model.id;
    for (const char* file : {"config.json", "tokenizer.json", "model.safetensors"})
      Write(std::string("model/") + file, *ReadFile(JoinPath(golden, file)));
    wanted_.task = model.generates ? "classification" : "translation";
    ExpectProblem("model.path",
                  model.id + (model.generates ? " predicts tokens, and the task classification "
                                                "needs a model that classifies them: one of bert, "
                                                "roberta"
                                              : " classifies items, and the task translation needs "
                                                "a model that predicts tokens: one of bart, gpt2, "
                                                "mbart"));
    wanted_.task = model.generates ? "translation" : "classification";
    const Gathered found = Run();
    EXPECT_TRUE(found.problems.empty()) << model.id << ": " << found.problems[0].message;
    const bool two_stacks = model.id == "bart" || model.id == "mbart";
    EXPECT_EQ(found.model.layers, two_stacks ? 4 : 2) << model.id;
    EXPECT_EQ(found.model.max_positions, 16) << model.id;
  }
}

TEST_F(GatherTest, AdaptersThatRunsStartFrom) {
  const std::string at = "variants[0].adapter.init";
  wanted_.adapters = {{at, "peft"}};
  ExpectProblem(at, "there is no adapter directory");
  ASSERT_TRUE(MakeDirs(Path("peft")).ok());
  ExpectProblem(at, "has no adapter_config.json");
  for (const auto& [name, content] : TinyPeftAdapter()) Write("peft/" + name, content);
  const Gathered found = Run();
  ASSERT_TRUE(found.problems.empty()) << found.problems[0].message;
  EXPECT_EQ(found.files.at("peft").size(), 2u);
  EXPECT_EQ(found.adapters.at("peft").tensors.size(), 4u);
  const std::string weights = TinyPeftAdapter().at("adapter_model.safetensors");
  Write("peft/adapter_model.safetensors", weights.substr(0, weights.size() - 4));
  ExpectProblem(at, "truncated");
  std::filesystem::remove(Path("peft/adapter_model.safetensors"));
  ExpectProblem(at, "has no adapter_model.safetensors");
  Write("peft/adapter_model.bin", "\x80\x02");
  ExpectProblem(at, "pickled adapter");
}

TEST_F(GatherTest, EmptyData) {
  Write("rows.tsv", "");
  ExpectProblem("data.splits.train", "has no rows");
  Write("rows.tsv", "text\tlabel\n");
  ExpectProblem("data.splits.train", "has no rows");
}

TEST_F(GatherTest, ARaggedRowIsNamedWithItsLine) {
  Write("rows.tsv", "text\tlabel\none\t0\ntwo\n");
  ExpectProblem("data.splits.train", "rows.tsv:3: has 1 fields, the header has 2");
}

TEST_F(GatherTest, ALabelOutsideTheHead) {
  Write("rows.tsv", "text\tlabel\none\t0\ntwo\t2\n");
  ExpectProblem("data.splits.train", "rows.tsv:3: label 2 is outside the head");
}

TEST_F(GatherTest, AMissingDataFileAndColumn) {
  wanted_.split_files = {{"train", "other.tsv"}};
  ExpectProblem("data.splits.train", "other.tsv");
  wanted_.split_files = {{"train", "rows.tsv"}};
  wanted_.columns.text = "txt";
  ExpectProblem("data.splits.train", "did you mean \"text\"?");
}

TEST_F(GatherTest, BytesThatAreNotUtf8) {
  Write("rows.tsv", "text\tlabel\ncaf\xe9\t0\n");
  ExpectProblem("data.splits.train", "rows.tsv:2: is not UTF-8");
}

TEST_F(GatherTest, ASplitThatTakesTooMuchAndOneThatLeavesNothing) {
  wanted_.splits[1].items = 9;
  ExpectProblem("data.splits", "takes 9 items, but \"train\" has only 4");
  wanted_.splits[1].items = 4;
  ExpectProblem("data.splits", "split \"train\" is empty");
}

TEST_F(GatherTest, MoreTokensThanPositions) {
  wanted_.max_length = 33;
  ExpectProblem("data.max_length", "only 32 positions");
}

TEST_F(GatherTest, AllProblemsComeAtOnce) {
  wanted_.model_path = "nowhere";
  Write("rows.tsv", "");
  EXPECT_EQ(Run().problems.size(), 2u);
}

TEST_F(GatherTest, ThePinnedDigestIsChecked) {
  wanted_.model_digest = std::string(64, '0');
  ExpectProblem("model.path", "the files changed");
}

TEST_F(GatherTest, TheDigestCacheNoticesAChange) {
  DigestCache cache(Path("cache.json"));
  const Digest before = *cache.Of(Path("rows.tsv"));
  cache.Save();
  DigestCache again(Path("cache.json"));
  EXPECT_EQ(*again.Of(Path("rows.tsv")), before);
  Write("rows.tsv", "text\tlabel\nother\t0\n");
  EXPECT_NE(*again.Of(Path("rows.tsv")), before);
}

}  // namespace
}  // namespace eida::inputs
