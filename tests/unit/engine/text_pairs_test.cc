// Pairs of texts as the token ids of every kind of language model.
#include "worker/engine/tasks/text_pairs.h"

#include "tests/unit/engine/model_world.h"

namespace eida::engine {
namespace {

using Ids = std::vector<int64_t>;

// The golden tokenizers split at white space; a word w<n> is token n.
struct PairWorld {
  explicit PairWorld(const std::string& family,
                     const Json& tokenizer_config = {{"bos_token", "w2"}, {"eos_token", "w9"}},
                     const std::string& rows = "w10 w11||w20\nw12||w21 w22\nw10 w11||w23\n")
      : models(family), job(models.job) {
    EXPECT_TRUE(WriteFileAtomic(dir.path() + "/rows", rows).ok());
    EXPECT_TRUE(
        WriteFileAtomic(dir.path() + "/tokenizer_config.json", tokenizer_config.dump()).ok());
    job.inputs["model/tokenizer_config.json"] = dir.path() + "/tokenizer_config.json";
    job.inputs["data/train"] = dir.path() + "/rows";
    job.spec["data"] = {{"task", "e2e"},
                        {"format", "e2e"},
                        {"columns", {{"text", "source"}, {"text_pair", "target"}}},
                        {"splits", {{{"name", "train"}, {"digest", "rows"}}}}};
    base = LoadBase(job).value();
  }
  Result<EncodedRows> Load() const { return LoadTextPairs(job, *base, {"train", std::nullopt, 0}); }
  Result<GenerationItems> Items() const {
    return LoadGenerationItems(job, *base, {"train", std::nullopt, 0});
  }

  TempDir dir{"eida-pairs"};
  ModelWorld models;
  Job job;
  std::shared_ptr<const Base> base;
};

Ids Item(const TokenIds& tokens, int64_t i) {
  return {tokens.ids.begin() + tokens.starts[i], tokens.ids.begin() + tokens.starts[i + 1]};
}

TEST(TextPairsTest, ADecoderLearnsTheTargetAndItsEnd) {
  const PairWorld w("gpt2");
  const EncodedRows examples = w.Load().value();
  ASSERT_EQ(examples.items.size(), 3u);
  EXPECT_EQ(Item(examples.tokens, 0), (Ids{10, 11, 2, 20, 9}));
  EXPECT_EQ(Item(examples.tokens, 1), (Ids{12, 2, 21, 22, 9}));
  EXPECT_EQ(examples.targets,
            (Ids{-100, -100, 20, 9, -100, -100, 21, 22, 9, -100, -100, -100, 23, 9, -100}));
  EXPECT_EQ(Examples(examples).label_count(1), 3);
  EXPECT_EQ(examples.tokens.special[2], 1);
  EXPECT_EQ(examples.tokens.special[3], 0);
}

TEST(TextPairsTest, AnEncoderDecoderReadsTheTargetShifted) {
  const PairWorld w("bart");
  const EncodedRows examples = w.Load().value();
  EXPECT_EQ(Item(examples.tokens, 0), (Ids{10, 11}));
  EXPECT_EQ(Item(examples.decoder, 1),
            (Ids{w.base->config.at("decoder_start_token_id").get<int64_t>(), 21}));
  EXPECT_EQ(examples.targets, (Ids{20, 21, 22, 23}));
}

TEST(TextPairsTest, MbartsTextsEndInTheirLanguage) {
  PairWorld w("mbart");
  w.job.spec["data"]["source_lang"] = "w4";
  w.job.spec["data"]["target_lang"] = "w5";
  const EncodedRows examples = w.Load().value();
  EXPECT_EQ(Item(examples.tokens, 0), (Ids{10, 11, 9, 4}));
  EXPECT_EQ(Item(examples.decoder, 1), (Ids{5, 21, 22, 9}));
  EXPECT_EQ(examples.targets, (Ids{20, 9, 5, 21, 22, 9, 5, 23, 9, 5}));
  const GenerationItems items = w.Items().value();
  EXPECT_EQ(Item(items.prompts.tokens, 1), (Ids{12, 9, 4}));
  EXPECT_EQ(Item(items.prompts.decoder, 1), Ids{5});
}

TEST(TextPairsTest, EachSourceIsGeneratedFromOnce) {
  const GenerationItems items = PairWorld("gpt2").Items().value();
  EXPECT_EQ(items.items, (Ids{0, 1}));
  EXPECT_EQ(items.sources[0], "w10 w11");
  EXPECT_EQ(items.references[0], (std::vector<std::string>{"w20", "w23"}));
  EXPECT_EQ(Item(items.prompts.tokens, 0), (Ids{10, 11, 2}));
  EXPECT_EQ(items.prompts.decoder.size(), 0);
  EXPECT_EQ(items.defaults.at("eos_token_id"), 2) << "config.json's goes before the tokenizer's";
}

TEST(TextPairsTest, LongPairsAreCutAtTheirEnd) {
  PairWorld w("gpt2", {{"bos_token", "w2"}, {"eos_token", "w9"}},
              "w10||w20 w21 w22\nw10||w20 w21\n");
  w.job.spec["data"]["max_length"] = 4;
  const EncodedRows examples = w.Load().value();
  EXPECT_EQ(Item(examples.tokens, 0), (Ids{10, 2, 20, 21}));
  EXPECT_EQ(Item(examples.tokens, 1), (Ids{10, 2, 20, 21}));
  EXPECT_EQ(examples.targets, (Ids{-100, 20, 21, -100, -100, 20, 21, -100}));
}

TEST(TextPairsTest, WhatIsWrongIsNamed) {
  const auto error = [](const Status& status, const char* kind) {
    EXPECT_EQ(ErrorClassOf(status), kind) << status;
    return Message(status);
  };
  PairWorld room("gpt2");
  room.job.spec["data"]["max_length"] = 3;
  EXPECT_NE(error(room.Load().status(), "data").find("row 0 has a source of 2 tokens"),
            std::string::npos);
  const PairWorld ends("gpt2", {{"bos_token", nullptr}, {"eos_token", "w9"}});
  EXPECT_NE(error(ends.Load().status(), "config").find("nothing names the bos_token"),
            std::string::npos);
  const PairWorld classifier("bert");
  EXPECT_NE(error(classifier.Load().status(), "config").find("predicts tokens"), std::string::npos);
  EXPECT_EQ(error(classifier.Items().status(), "config"),
            error(classifier.Load().status(), "config"));
  PairWorld languages("mbart");
  EXPECT_NE(error(languages.Load().status(), "config").find("data.source_lang"), std::string::npos);
  languages.job.spec["data"]["source_lang"] = "w4";
  EXPECT_NE(error(languages.Load().status(), "config").find("it takes both"), std::string::npos);
  languages.job.spec["data"]["target_lang"] = "ro_RO";
  EXPECT_NE(error(languages.Load().status(), "config").find("no language code \"ro_RO\""),
            std::string::npos);
  const PairWorld rows("gpt2", {{"bos_token", "w2"}, {"eos_token", "w9"}}, "w1 w2\n");
  EXPECT_NE(error(rows.Load().status(), "data").find(":1: has no ||"), std::string::npos);
}

TEST(GenerateJobTest, WritesATextForEachSource) {
  PairWorld w("gpt2");
  Job job = w.job;
  job.kind = "generate";
  job.out = w.dir.path();
  job.spec["split"] = "train";
  job.spec["generate"] = {{"num_beams", 3}, {"max_length", 14}, {"no_repeat_ngram_size", 2}};
  job.inputs["weights"] = w.models.directory + "/model.safetensors";
  Recorder events;
  const JobResult result = RunGenerate(job, events).value();
  EXPECT_EQ(result.summary.at("n"), 2);
  EXPECT_EQ(events.progress.back(), 2);
  const std::string path = ArtifactPath(result, "texts");
  const std::string lines = Bytes(path);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 2);
  const Json first = ParseJson(lines.substr(0, lines.find('\n')), path).value();
  EXPECT_EQ(first.at("references"), Json({"w20", "w23"}));
  const auto tokens = first.at("tokens").get<Ids>();
  ASSERT_FALSE(tokens.empty());
  EXPECT_EQ(first.at("text").get<std::string>().rfind("w" + std::to_string(tokens[0]), 0), 0u);

  job.spec["generate"]["num_beams"] = "many";
  const Status wrong = RunGenerate(job, events).status();
  EXPECT_EQ(ErrorClassOf(wrong), "config");
  EXPECT_NE(Message(wrong).find("generate: num_beams is \"many\""), std::string::npos);
  job.spec["generate"] = "beam";
  const Status shape = RunGenerate(job, events).status();
  EXPECT_EQ(ErrorClassOf(shape), "config");
  EXPECT_NE(Message(shape).find("generate: it must be a map"), std::string::npos);
  events.stop_at = 1;
  job.spec["generate"] = {{"num_beams", 1}, {"max_length", 14}};
  EXPECT_EQ(ErrorClassOf(RunGenerate(job, events).status()), "preempted");
}

}  // namespace
}  // namespace eida::engine
